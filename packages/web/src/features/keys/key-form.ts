import type { CreateApiKeyInput, Permission, Role } from '@cluster-ai/contracts';
import { everyModel, type ModelWish, toPatterns } from '../grants/model-wish.ts';
import { findWrongLimits, type LimitTexts, noLimits, toLimits } from '../limits/limit-texts.ts';

/** What is written in the form of a new key. */
export interface KeyForm {
  readonly name: string;
  readonly role: Role;
  /** `all` that the role may; only `answers` of models; or what is chosen one by one. */
  readonly reach: 'all' | 'answers' | 'chosen';
  readonly scopes: readonly Permission[];
  readonly models: ModelWish;
  readonly days: Days;
  readonly limits: LimitTexts;
}

/** How long a key is good for; empty: for ever. */
export const daysToLive = ['1', '7', '30', '90', '365', ''] as const;
export type Days = (typeof daysToLive)[number];

/** Enough for every client of a language model. */
export const answerScopes = ['inference:use', 'models:read'] as const satisfies Permission[];

export const emptyForm: KeyForm = {
  name: '',
  role: 'developer',
  reach: 'answers',
  scopes: answerScopes,
  models: everyModel,
  days: '90',
  limits: noLimits,
};

const scopesOf = ({ reach, scopes }: KeyForm): readonly Permission[] | null =>
  reach === 'all' ? null : reach === 'answers' ? answerScopes : scopes;

/** Whether everything that must be chosen is, and can be read. */
export const isComplete = (form: KeyForm): boolean =>
  form.name.trim() !== '' &&
  findWrongLimits(form.limits).length === 0 &&
  (form.reach !== 'chosen' || form.scopes.length > 0) &&
  toPatterns(form.models)?.length !== 0;

/** What the server is asked for; the owner by id, where that is somebody else. */
export function toWish(form: KeyForm, owner?: string): CreateApiKeyInput {
  const scopes = scopesOf(form);
  return {
    name: form.name.trim(),
    role: form.role,
    scopes: scopes && [...scopes],
    models: toPatterns(form.models),
    limits: toLimits(form.limits),
    expiresInSeconds: form.days === '' ? null : Number(form.days) * 86_400,
    ...(owner === undefined ? {} : { owner }),
  };
}
