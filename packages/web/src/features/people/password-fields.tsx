import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';

export const shortestPassword = 12;

interface PasswordFieldsProps {
  /** Where another password is on the page. */
  readonly label?: string;
  readonly password: string;
  readonly again: string;
  onPassword(text: string): void;
  onAgain(text: string): void;
}

/** A new password, typed twice. */
export function PasswordFields({ label, password, again, onPassword, onAgain }: PasswordFieldsProps) {
  const { t } = useTranslation();
  const isDifferent = again !== '' && again !== password;
  return (
    <>
      <Field
        label={label ?? t('people.passwordLabel')}
        help={t('people.passwordRule', { count: shortestPassword })}
        type="password"
        autoComplete="new-password"
        required
        minLength={shortestPassword}
        maxLength={1024}
        value={password}
        onChange={(event) => onPassword(event.target.value)}
      />
      <Field
        label={t('people.passwordAgain')}
        help={isDifferent ? t('people.passwordDiffers') : undefined}
        type="password"
        autoComplete="new-password"
        required
        aria-invalid={isDifferent}
        value={again}
        onChange={(event) => onAgain(event.target.value)}
      />
    </>
  );
}
