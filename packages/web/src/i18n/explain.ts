import { type Condition, errorCodes, isClusterError, type ReasonCode, reasons, type State } from '@cluster-ai/contracts';
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

/** Explains whatever was thrown, in the page's language. */
export function useExplainError(): (error: unknown) => Explanation {
  const { t } = useTranslation();
  const isEnglish = useLanguage() === 'en';
  return (error) => {
    if (!isClusterError(error))
      return { message: t('errors.internal'), hint: '', particulars: error instanceof Error ? error.message : '' };
    if (isEnglish) return { message: error.message, hint: error.hint ?? '', particulars: '' };
    return {
      message: t(`errors.${error.code}`),
      hint: error.hint ?? '',
      particulars: error.message === errorCodes[error.code].title ? '' : error.message,
    };
  };
}

/** The word for a state in the page's language. */
export function useStateWord(): (state: State) => string {
  const { t } = useTranslation();
  return (state) => t(`states.${state}`);
}
