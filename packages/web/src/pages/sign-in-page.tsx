import { isClusterError } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { CredentialPage } from '../features/people/credential-page.tsx';
import { ProviderSignIn } from '../features/people/provider-sign-in.tsx';
import { Field } from '../ui/field.tsx';

export function SignInPage() {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();

  async function signIn(): Promise<void> {
    try {
      await cluster.signIn({ name: name.trim(), password, ...(code ? { code: code.trim() } : {}) });
    } catch (error) {
      if (isClusterError(error) && error.code === 'second_factor_required') setCode((before) => before ?? '');
      throw error;
    }
  }

  return (
    <CredentialPage
      title={t('people.signIn')}
      text={t('people.signInText')}
      button={t('people.signIn')}
      isReady={name.trim() !== '' && password !== ''}
      onSubmit={signIn}
      below={<ProviderSignIn />}
    >
      <Field
        label={t('people.name')}
        autoComplete="username"
        spellCheck={false}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('people.passwordLabel')}
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {code !== undefined && (
        <Field
          label={t('people.code')}
          help={t('people.codeHelp')}
          autoComplete="one-time-code"
          inputMode="numeric"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
    </CredentialPage>
  );
}
