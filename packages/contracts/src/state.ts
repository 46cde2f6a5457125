import { z } from 'zod';
import { type ReasonCode, reasonCodes, reasons } from './reasons.ts';

/** The states of everything that can be ready or not: nodes, replicas, models, listeners. The same words in API, CLI and UI. */
export const states = ['ready', 'starting', 'degraded', 'draining', 'asleep', 'unreachable', 'failed', 'stopped'] as const;
export const stateShape = z.enum(states);
export type State = (typeof states)[number];

/**
 * A state and why it is so. Whatever is not ready carries one; nobody shows a state without its reason.
 * `since` is ISO 8601 in UTC; `hint` is the next step for a person, empty where there is none.
 */
export const conditionShape = z
  .object({
    state: stateShape,
    reason: z.enum(reasonCodes).describe('A code from one table; stable, never translated.'),
    message: z.string().describe('The reason as a sentence, with the particulars of this case.'),
    since: z.iso.datetime(),
    hint: z.string().describe('The next step for a person; empty where there is none.'),
  })
  .meta({ id: 'Condition' });
export type Condition = z.infer<typeof conditionShape>;

export interface ConditionDetails {
  /** Replaces the table's sentence where the case has particulars. */
  readonly message?: string;
  /** Replaces the table's hint. */
  readonly hint?: string;
}

/** Builds a condition; sentence and hint come from the table of reasons unless the case says more. `nowMs` is epoch milliseconds. */
export function toCondition(state: State, reason: ReasonCode, nowMs: number, details: ConditionDetails = {}): Condition {
  const entry = reasons[reason];
  return {
    state,
    reason,
    message: details.message ?? entry.message,
    since: new Date(nowMs).toISOString(),
    hint: details.hint ?? entry.hint,
  };
}

/** Whether two conditions say the same thing, whenever they began. */
export function isSameCondition(a: Condition, b: Condition): boolean {
  return a.state === b.state && a.reason === b.reason && a.message === b.message;
}
