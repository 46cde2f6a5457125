import { type Condition, type ErrorCode, errorCodes, type ReasonCode, type Role, reasons, roles, type State } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useLanguage } from './i18n.ts';

/** A condition or an error in the reader's language. */
export interface Explanation {
  readonly message: string;
  readonly hint: string;
  /** What the server says beyond the table's sentence, in English; empty where the message has said it all. */
  readonly particulars: string;
}

type Translate = (key: 'message' | 'hint', code: ReasonCode) => string;

/**
 * English shows the server's own sentences. Other languages show the table's sentence in their words, and add the server's where it
 * says more than the table.
 */
export function explainCondition(
  condition: Pick<Condition, 'reason' | 'message' | 'hint'>,
  isEnglish: boolean,
  translate: Translate,
): Explanation {
  const entry = reasons[condition.reason];
  if (isEnglish || entry === undefined) return { message: condition.message, hint: condition.hint, particulars: '' };
  return {
    message: translate('message', condition.reason),
    // Most reasons need no next step: an empty hint stays empty.
    hint: condition.hint !== '' && condition.hint === entry.hint ? translate('hint', condition.reason) : condition.hint,
    particulars: condition.message === entry.message ? '' : condition.message,
  };
}

/** Explains conditions in the page's language. */
export function useExplainCondition(): (condition: Pick<Condition, 'reason' | 'message' | 'hint'>) => Explanation {
  const { t } = useTranslation();
  const isEnglish = useLanguage() === 'en';
  return (condition) =>
    explainCondition(condition, isEnglish, (part, code) => (part === 'message' ? t(`reasons.${code}`) : t(`hints.${code}`)));
}

interface KnownError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Errors that were thrown, and those that came as a part of an answer. */
function isKnownError(error: unknown): error is KnownError {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' && error.code in errorCodes;
}

/** As with conditions: the server's sentence in English; elsewhere the title of its code, and the sentence as particulars. */
export function explainError(error: unknown, isEnglish: boolean, translate: (code: ErrorCode) => string): Explanation {
  if (!isKnownError(error)) {
    const words = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
    return { message: translate('internal'), hint: '', particulars: words };
  }
  const { code, message, hint = '' } = error;
  return isEnglish ? { message, hint, particulars: '' } : { message: translate(code), hint, particulars: message };
}

/** The right that was missing, and the least role that has it; `undefined` for other errors. */
function findLack(error: unknown): { readonly permission: string; readonly role: Role } | undefined {
  if (!isKnownError(error) || error.code !== 'forbidden') return undefined;
  const { permission, role: name } = error.details ?? {};
  const role = roles.find((known) => known === name);
  if (typeof permission !== 'string' || role === undefined) return undefined;
  return { permission, role };
}

/** Explains whatever went wrong, in the page's language. */
export function useExplainError(): (error: unknown) => Explanation {
  const { t } = useTranslation();
  const isEnglish = useLanguage() === 'en';
  return (error) => {
    const lack = findLack(error);
    if (lack === undefined) return explainError(error, isEnglish, (code) => t(`errors.${code}`));
    const message = t('access.forbidden', { permission: lack.permission, role: t(`roles.${lack.role}`) });
    return { message, hint: '', particulars: '' };
  };
}

/** The word for a state in the page's language. */
export function useStateWord(): (state: State) => string {
  const { t } = useTranslation();
  return (state) => t(`states.${state}`);
}
