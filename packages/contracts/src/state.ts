import { z } from 'zod';
import { phrase, type Sentence, toEnglish, toSaid } from './phrases.ts';
import { type ReasonCode, reasonCodes, reasons } from './reasons.ts';
import { type Said, saidShape } from './said.ts';

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
    said: saidShape.optional().describe('Message and hint by their codes, where they are not those of the reason.'),
  })
  .meta({ id: 'Condition' });
export type Condition = z.infer<typeof conditionShape>;

export interface ConditionDetails {
  /** Replaces the table's sentence where the case has particulars. */
  readonly message?: Sentence;
  /** Replaces the table's hint. */
  readonly hint?: Sentence;
  /** The codes of message and hint, where both came from elsewhere in English. */
  readonly said?: Said | undefined;
}

/** Builds a condition; sentence and hint come from the table of reasons unless the case says more. `nowMs` is epoch milliseconds. */
export function toCondition(state: State, reason: ReasonCode, nowMs: number, details: ConditionDetails = {}): Condition {
  const entry = reasons[reason];
  const said = details.said ?? toSaid(details.message, details.hint);
  return {
    state,
    reason,
    message: toEnglish(details.message ?? entry.message),
    since: new Date(nowMs).toISOString(),
    hint: toEnglish(details.hint ?? entry.hint),
    ...(said === undefined ? {} : { said }),
  };
}

/** Whether two conditions say the same thing, whenever they began. */
export function isSameCondition(a: Condition, b: Condition): boolean {
  return a.state === b.state && a.reason === b.reason && a.message === b.message;
}

/** What a condition says, as a part of a longer story: by its codes where it has some. */
export function messageOf({ reason, message, said }: Condition): Sentence {
  if (said !== undefined && said.message.length > 0) return said.message;
  return message === reasons[reason].message ? phrase('reason', { reason }) : message;
}

/** The next step of a condition, as a part of a longer story. Empty where there is none. */
export function hintOf({ reason, hint, said }: Condition): Sentence {
  if (said !== undefined && said.hint.length > 0) return said.hint;
  return hint !== '' && hint === reasons[reason].hint ? phrase('next_step', { reason }) : hint;
}
