import { type CreateApiKeyInput, keyLimitsShape, limitNames, type Permission, type Role } from '@cluster-ai/contracts';

/** What is written in the form of a new key. */
export interface KeyForm {
  readonly name: string;
  readonly role: Role;
  /** `all` that the role may; only `answers` of models; or what is chosen one by one. */
  readonly reach: 'all' | 'answers' | 'chosen';
  readonly scopes: readonly Permission[];
  readonly models: string;
  readonly days: Days;
  readonly limits: Readonly<Record<LimitName, string>>;
}

export type LimitName = (typeof limitNames)[number];
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
  models: '',
  days: '90',
  limits: {
    requestsPerMinute: '',
    requestsPerDay: '',
    requestsPerMonth: '',
    tokensPerMinute: '',
    tokensPerDay: '',
    tokensPerMonth: '',
    budgetTokens: '',
  },
};

/** Undefined for what is no whole number of at least 1. People write thousands with their own marks. */
function toLimit(text: string): number | undefined {
  const plain = text.replace(/[\s.,]/g, '');
  const value = /^\d{1,15}$/.test(plain) ? Number(plain) : 0;
  return value >= 1 ? value : undefined;
}

/** The limits that cannot be read. */
export const findWrongLimits = ({ limits }: KeyForm): readonly LimitName[] =>
  limitNames.filter((name) => limits[name].trim() !== '' && toLimit(limits[name]) === undefined);

const toModels = (text: string): readonly string[] => text.split(/[,\s]+/).filter(Boolean);

const scopesOf = ({ reach, scopes }: KeyForm): readonly Permission[] | null =>
  reach === 'all' ? null : reach === 'answers' ? answerScopes : scopes;

/** What the server is asked for. */
export function toWish(form: KeyForm): CreateApiKeyInput {
  const scopes = scopesOf(form);
  const models = toModels(form.models);
  const limits = Object.fromEntries(
    limitNames.flatMap((name) => (form.limits[name].trim() === '' ? [] : [[name, toLimit(form.limits[name])]])),
  );
  return {
    name: form.name.trim(),
    role: form.role,
    scopes: scopes && [...scopes],
    models: models.length === 0 ? null : [...models],
    limits: keyLimitsShape.parse(limits),
    expiresInSeconds: form.days === '' ? null : Number(form.days) * 86_400,
  };
}
