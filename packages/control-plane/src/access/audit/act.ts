import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEntry } from '@cluster-ai/contracts';

export type Actor = AuditEntry['actor'];
type Details = Readonly<Record<string, unknown>>;

/** Something that changes state: who does what, from where. */
export interface Act {
  readonly actor: Actor;
  /** Of the connection; empty for what the cluster does by itself. */
  readonly address: string;
  /** The route as it is declared, or what the cluster does. */
  readonly action: string;
  readonly requestId: string;
  readonly target: string;
}

/** An act under way. `written`: its entry has been committed; `closed`: what it left running is no part of it. */
export interface OpenAct {
  readonly act: Act;
  state: 'open' | 'writing' | 'written' | 'closed';
  target: string;
  details: Details;
  /** More was said of it after its entry had been written. */
  hasMore: boolean;
  /** Of which model it was, for the log of operations. */
  model?: { readonly name: string; readonly version?: string };
}

const current = new AsyncLocalStorage<OpenAct | undefined>();

export const openAct = (act: Act): OpenAct => ({ act, state: 'open', target: act.target, details: {}, hasMore: false });

export const withinAct = <T>(open: OpenAct, work: () => Promise<T>): Promise<T> => current.run(open, work);

/** Says which model the act that is under way is about. In the log only: the record has it as the target. */
export function describeModel(name: string, version?: number): void {
  const open = findAct();
  if (open !== undefined) open.model = { name, ...(version === undefined ? {} : { version: String(version) }) };
}

/** Work that an act has to wait for and that is no part of it: its transactions are not the act's. */
export const besideActs = <T>(work: () => Promise<T>): Promise<T> => current.run(undefined, work);

export const findAct = (): OpenAct | undefined => current.getStore();

/**
 * Says more of the act that is under way: names and digests, never secrets. Best before its first transaction ends; what is said later
 * becomes a second entry. Outside of an act it does nothing.
 */
export function describeAct({ target, details = {} }: { readonly target?: string; readonly details?: Details }): void {
  const open = findAct();
  if (open === undefined || open.state === 'closed') return;
  if (target !== undefined) open.target = target;
  open.details = { ...open.details, ...details };
  if (open.state !== 'open') open.hasMore = true;
}
