import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';

interface PasswordFieldProps {
  /** Where another password is on the page. */
  readonly label?: string;
  readonly help?: string;
  readonly value: string;
  onWrite(text: string): void;
}

/** The password that holds now, as the browser keeps it. */
export function PasswordField({ label, help, value, onWrite }: PasswordFieldProps) {
  const { t } = useTranslation();
  return (
    <Field
      label={label ?? t('people.passwordLabel')}
      help={help}
      type="password"
      autoComplete="current-password"
      required
      value={value}
      onChange={(event) => onWrite(event.target.value)}
    />
  );
}
