import type { ListAuditInput } from '@cluster-ai/client';
import type { AuditEntry } from '@cluster-ai/contracts';

// Written out, not taken from the contracts: the router needs this file at the start, and a fifth of the page's code would come with theirs.
export const results = ['ok', 'denied', 'failed'] as const satisfies readonly AuditEntry['result'][];
const texts = ['search', 'actor', 'action', 'since', 'until'] as const;

/** What is looked for in the record, as it stands in the page's address: times as the browser's own fields write them, without a zone. */
export type AuditSearch = Readonly<Partial<Record<(typeof texts)[number], string>>> & { readonly result?: AuditEntry['result'] };

/** Reads the page's address; what is no filter is left out. */
export function toAuditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const given = texts.flatMap((name) => {
    const value = search[name];
    // An address may hold a number where a name was meant.
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, 200) : '';
    return text === '' ? [] : [[name, text] as const];
  });
  const result = results.find((one) => one === search['result']);
  return { ...Object.fromEntries(given), ...(result === undefined ? {} : { result }) };
}

/** A time without a zone is the reader's; undefined for what is none. */
function toInstant(local: string | undefined): string | undefined {
  const time = local === undefined ? Number.NaN : new Date(local).getTime();
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** What the server is asked. */
export function toAuditFilter({ since, until, ...rest }: AuditSearch): ListAuditInput {
  const [from, to] = [toInstant(since), toInstant(until)];
  return { ...rest, ...(from === undefined ? {} : { since: from }), ...(to === undefined ? {} : { until: to }) };
}

/** Where the same lines can be had as a file. */
export function toExportUrl(search: AuditSearch, format: 'csv' | 'jsonl'): string {
  const query = new URLSearchParams({ format, ...(toAuditFilter(search) as Record<string, string>) });
  return `/api/v1/audit/export?${query}`;
}
