import {
  type Condition,
  type ErrorCode,
  errorCodes,
  type Model,
  type Permission,
  type Phrase,
  type PhraseCode,
  permissions,
  type ReasonCode,
  type Role,
  reasons,
  roles,
  type Said,
  type State,
  sayPhrases,
} from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import type { Catalogue } from './catalogue.ts';
import { useFormat, useLanguage } from './i18n.ts';

/** A condition or an error in the reader's language. */
export interface Explanation {
  readonly message: string;
  readonly hint: string;
  /** What the server says beyond the message, in English; empty where the message has said it all. */
  readonly particulars: string;
}

/** How the page says what the server names by codes. */
export interface Speech {
  readonly isEnglish: boolean;
  reason(code: ReasonCode): string;
  hint(code: ReasonCode): string;
  error(code: ErrorCode): string;
  missing(right: MissingRight): Pick<Explanation, 'message' | 'hint'>;
  /** Undefined where the page lacks one of the phrases: a newer server said it. */
  phrases(said: readonly Phrase[]): string | undefined;
}

const sayIfAny = (speech: Speech, said: readonly Phrase[] = []) => (said.length === 0 ? undefined : speech.phrases(said));

/**
 * English shows the server's own sentences. Other languages say them by their codes. What has none is said by the table's sentence, with
 * the server's beside it where it says more than the table.
 */
export function explainCondition(
  { reason, message, hint, said }: Pick<Condition, 'reason' | 'message' | 'hint' | 'said'>,
  speech: Speech,
): Explanation {
  const entry = reasons[reason];
  if (speech.isEnglish || entry === undefined) return { message, hint, particulars: '' };
  const own = sayIfAny(speech, said?.message);
  // Most reasons need no next step: an empty hint stays empty.
  const tableHint = hint !== '' && hint === entry.hint ? speech.hint(reason) : hint;
  return {
    message: own ?? speech.reason(reason),
    hint: sayIfAny(speech, said?.hint) ?? tableHint,
    particulars: own !== undefined || message === entry.message ? '' : message,
  };
}

/** A right that somebody lacks, and the least role that has it. */
export interface MissingRight {
  readonly permission: Permission;
  readonly role: Role;
  /** Whether the one who lacks it has not signed in: an admin could give them nothing. */
  readonly isVisitor: boolean;
}

/** The right that was missing, where that is why something was refused. */
export function findMissingRight(error: unknown): MissingRight | undefined {
  if (!isKnownError(error) || error.code !== 'forbidden') return undefined;
  const permission = permissions.find((one) => one === error.details?.['permission']);
  const role = roles.find((one) => one === error.details?.['role']);
  return permission && role && { permission, role, isVisitor: error.details?.['isVisitor'] === true };
}

interface KnownError {
  readonly code: ErrorCode;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly said?: Said | undefined;
}

/** Errors that were thrown, and those that came as a part of an answer. */
function isKnownError(error: unknown): error is KnownError {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' && error.code in errorCodes;
}

/** As with conditions: what has no codes is said by the title of its code, with the server's sentence as particulars. */
export function explainError(error: unknown, speech: Speech): Explanation {
  if (!isKnownError(error)) {
    const words = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
    return { message: speech.error('internal'), hint: '', particulars: words };
  }
  const { code, message, hint = '', said } = error;
  if (speech.isEnglish) return { message, hint, particulars: '' };
  const missing = findMissingRight(error);
  if (missing !== undefined) return { ...speech.missing(missing), particulars: '' };
  const own = sayIfAny(speech, said?.message);
  return { message: own ?? speech.error(code), hint: sayIfAny(speech, said?.hint) ?? hint, particulars: own === undefined ? message : '' };
}

function useSpeech(): Speech {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const reason = (code: ReasonCode) => t(`reasons.${code}`);
  const hint = (code: ReasonCode) => t(`hints.${code}`);
  const templates = () => (i18n.getResourceBundle(language, 'translation') as Catalogue).phrases as Readonly<Record<PhraseCode, string>>;
  return {
    isEnglish: language === 'en',
    reason,
    hint,
    error: (code) => t(`errors.${code}`),
    missing: ({ permission, role, isVisitor }) => ({
      message: t('refused.missing', { right: permission }),
      hint: t(isVisitor ? 'refused.whoSignedIn' : 'refused.who', { role: t(`roles.${role}`) }),
    }),
    phrases: (said) =>
      sayPhrases(said, templates(), {
        bytes: format.bytes,
        memory: format.memory,
        state: (state) => t(`states.${state as State}`).toLowerCase(),
        reason,
        hint,
      }),
  };
}

/** Explains conditions in the page's language. */
export function useExplainCondition(): (condition: Pick<Condition, 'reason' | 'message' | 'hint' | 'said'>) => Explanation {
  const speech = useSpeech();
  return (condition) => explainCondition(condition, speech);
}

/** Explains whatever went wrong, in the page's language. */
export function useExplainError(): (error: unknown) => Explanation {
  const speech = useSpeech();
  return (error) => explainError(error, speech);
}

/** Sentences in the page's language, and which language that is: English where the page lacks their words. */
export function useSayPhrases(): (said: readonly Phrase[], english: string) => { readonly text: string; readonly lang?: 'en' } {
  const speech = useSpeech();
  return (said, english) => {
    const own = speech.isEnglish ? english : sayIfAny(speech, said);
    return own === undefined ? { text: english, lang: 'en' } : { text: own };
  };
}

/** What a model is, in the page's language where it is ours; else as its owner wrote it. */
export function useDescribeModel(): (model: Pick<Model, 'description' | 'latest'>) => string {
  const { t } = useTranslation();
  return ({ description, latest }) => (latest.source === 'bundled' ? t('models.bundled') : description);
}

/** The word for a state in the page's language. */
export function useStateWord(): (state: State) => string {
  const { t } = useTranslation();
  return (state) => t(`states.${state}`);
}

/** What a right is for, in the page's language. */
export function useRightWord(): (permission: Permission) => string {
  const { t } = useTranslation();
  return (permission) => t(`rights.${permission.replace(':', '_') as RightKey}`);
}
type RightKey = Permission extends infer Right ? (Right extends `${infer Resource}:${infer Verb}` ? `${Resource}_${Verb}` : never) : never;
