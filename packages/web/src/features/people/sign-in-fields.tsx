import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';
import { CodeField } from './code-field.tsx';
import { PasswordField } from './password-field.tsx';
import type { SignIn } from './use-sign-in.ts';

export function SignInFields({ name, setName, password, setPassword, code, setCode }: SignIn) {
  const { t } = useTranslation();
  return (
    <>
      <Field
        label={t('people.name')}
        autoComplete="username"
        spellCheck={false}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <PasswordField value={password} onWrite={setPassword} />
      {code !== undefined && <CodeField code={code} onCode={setCode} />}
    </>
  );
}
