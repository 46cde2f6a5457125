import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';

/** The second step, once the server has asked for it. */
export function CodeField({ code, onCode }: { readonly code: string; onCode(text: string): void }) {
  const { t } = useTranslation();
  return (
    <Field
      label={t('people.code')}
      help={t('people.codeHelp')}
      autoComplete="one-time-code"
      inputMode="numeric"
      value={code}
      onChange={(event) => onCode(event.target.value)}
    />
  );
}
