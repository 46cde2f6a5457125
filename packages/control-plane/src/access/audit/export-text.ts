import type { AuditEntry, AuditFormat } from '@cluster-ai/contracts';

// what moves a terminal's cursor, breaks a line, or turns the direction of writing: JSON itself only escapes those below 32
const unprintable = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const control = new RegExp(`[\\u0000-\\u001f]|${unprintable.source}`, 'g');
const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text that somebody else chose, with what would move a cursor or turn the direction of writing as its number. */
export const escapeControls = (text: string): string => text.replaceAll(control, toEscape);

const toJsonLine = (entry: AuditEntry) => `${JSON.stringify(entry).replaceAll(unprintable, toEscape)}\n`;

/**
 * A cell that no spreadsheet takes for a formula: after OWASP's advice on CSV injection those beginnings get an apostrophe, full-width forms
 * and leading spaces included. Everything is quoted, and stays on its line.
 */
function toCell(value: string | number): string {
  const text = escapeControls(String(value));
  const isFormula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text);
  return `"${(isFormula ? `'${text}` : text).replaceAll('"', '""')}"`;
}

const columns: readonly (readonly [name: string, read: (entry: AuditEntry) => string | number])[] = [
  ['sequence', (entry) => entry.sequence],
  ['at', (entry) => entry.at],
  ['actor_kind', (entry) => entry.actor.kind],
  ['actor_id', (entry) => entry.actor.id],
  ['actor_name', (entry) => entry.actor.name],
  ['actor_role', (entry) => entry.actor.role],
  ['address', (entry) => entry.address],
  ['action', (entry) => entry.action],
  ['target', (entry) => entry.target],
  ['result', (entry) => entry.result],
  ['count', (entry) => entry.count],
  ['request_id', (entry) => entry.requestId],
  ['details', (entry) => JSON.stringify(entry.details)],
  ['hash', (entry) => entry.hash],
];

const toRow = (cells: readonly (string | number)[]) => `${cells.map(toCell).join(',')}\r\n`; // RFC 4180

const LINES_PER_PIECE = 500;

/** Entries as the text of a file, some lines at a time. Lines of JSON can be checked by whoever has the key: nothing of them is lost. */
export async function* toExportText(entries: AsyncIterable<AuditEntry>, format: AuditFormat): AsyncGenerator<string, void, undefined> {
  let lines = format === 'csv' ? [toRow(columns.map(([name]) => name))] : [];
  for await (const entry of entries) {
    lines.push(format === 'csv' ? toRow(columns.map(([, read]) => read(entry))) : toJsonLine(entry));
    if (lines.length < LINES_PER_PIECE) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}
