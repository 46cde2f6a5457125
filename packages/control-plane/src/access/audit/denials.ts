import type { Actor } from './act.ts';
import { type EntryDraft, toStoredText } from './entry.ts';
import { escapeControls } from './export-text.ts';

/** Somebody was not allowed to do something. */
export interface DeniedAttempt {
  /** Left out where nobody knows who it was. */
  readonly actor?: Actor;
  readonly address: string;
  /** The route as it is declared; never the address that was typed, which anybody can vary without end. */
  readonly action: string;
  /** The error's code. */
  readonly code: string;
  readonly requestId: string;
  /** The name that a stranger typed, if any: some of them are kept, short and escaped. */
  readonly tried?: string;
}

/** Entries that may be made at once, and how many more become possible with each minute: about 7 MB on the disk in a day of attacks. */
const MOST_AT_ONCE = 200;
const MORE_EACH_MINUTE = 20;
/** Different names that are kept of one source in one minute. */
const MOST_NAMES = 5;
const MOST_NAME_LENGTH = 64;

const anonymous: Actor = { kind: 'anonymous', id: '', name: '', role: '' };
const nobodyInParticular: DeniedAttempt = { address: 'several', action: 'several', code: 'several', requestId: '' };

interface Counted {
  readonly attempt: DeniedAttempt;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  readonly names: Set<string>;
}

/** What somebody typed, as text that can only be read. */
const toShownName = (typed: string) => escapeControls(typed.slice(0, MOST_NAME_LENGTH).toWellFormed());

const keyOf = ({ actor = anonymous, address, action, code }: DeniedAttempt) =>
  JSON.stringify([actor.kind, actor.id, address, action, code].map(toStoredText));

const toDraft = ({ attempt, firstMs, lastMs, count, names }: Counted): EntryDraft => ({
  actor: attempt.actor ?? anonymous,
  address: attempt.address,
  action: attempt.action,
  target: '',
  result: 'denied',
  details: {
    code: attempt.code,
    ...(count === 1 ? {} : { until: new Date(lastMs).toISOString() }),
    ...(names.size === 0 ? {} : { tried: [...names] }),
  },
  requestId: attempt.requestId,
  count,
  atMs: firstMs,
});

/**
 * Denied attempts, counted by source, action and reason until they are taken. Nobody can fill memory or disk with them: when there is no
 * room for one more source, it is counted with all the others in one entry.
 */
export function createDenials() {
  const counted = new Map<string, Counted>();
  let allowance = MOST_AT_ONCE;

  function findPlace(attempt: DeniedAttempt, nowMs: number): Counted {
    const known = counted.get(keyOf(attempt));
    if (known) return known;
    const isNobody = attempt === nobodyInParticular;
    if (allowance === 0 && !isNobody) return findPlace(nobodyInParticular, nowMs);
    if (!isNobody) allowance--;
    const place = { attempt, firstMs: nowMs, lastMs: nowMs, count: 0, names: new Set<string>() };
    counted.set(keyOf(attempt), place);
    return place;
  }

  return {
    add(attempt: DeniedAttempt, nowMs: number): void {
      const place = findPlace(attempt, nowMs);
      place.count++;
      place.lastMs = nowMs;
      const { tried = '' } = attempt;
      if (tried !== '' && place.attempt !== nobodyInParticular && place.names.size < MOST_NAMES) place.names.add(toShownName(tried));
    },
    /** Everything since the last time, as entries. To be called each minute. */
    take(): readonly EntryDraft[] {
      const drafts = [...counted.values()].map(toDraft);
      counted.clear();
      allowance = Math.min(MOST_AT_ONCE, allowance + MORE_EACH_MINUTE);
      return drafts;
    },
  };
}
