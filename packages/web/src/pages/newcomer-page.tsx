import { isClusterError } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { CodeField } from '../features/people/code-field.tsx';
import { CredentialPage } from '../features/people/credential-page.tsx';
import { PasswordFields, shortestPassword } from '../features/people/password-fields.tsx';
import { Field } from '../ui/field.tsx';

/** The token stands behind the `#`, which browsers do not send. */
const tokenOfLink = () => decodeURIComponent(location.hash.slice(1));

/** Where a one-use link leads: the first admin, somebody who was invited, or somebody who needs a new password. */
function NewcomerPage({ kind }: { readonly kind: 'setup' | 'invitation' | 'password' }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [token] = useState(tokenOfLink);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [code, setCode] = useState<string>();
  const asksName = kind !== 'password';

  /** The code is asked for once the server wants it. */
  async function choosePassword(): Promise<unknown> {
    try {
      return await cluster.choosePassword({ token, password, ...(code ? { code: code.trim() } : {}) });
    } catch (error) {
      if (isClusterError(error) && error.code === 'second_factor_required') setCode((before) => before ?? '');
      throw error;
    }
  }
  function enter(): Promise<unknown> {
    if (kind === 'password') return choosePassword();
    const newcomer = { token, name: name.trim(), password };
    return kind === 'setup' ? cluster.setUp(newcomer) : cluster.acceptInvitation(newcomer);
  }

  return (
    <CredentialPage
      title={t(`people.${kind}`)}
      text={t(`people.${kind}Text`)}
      button={t('people.enter')}
      isReady={(!asksName || name.trim() !== '') && password.length >= shortestPassword && password === again}
      onSubmit={enter}
    >
      {asksName && (
        <Field
          label={t('people.name')}
          autoComplete="username"
          spellCheck={false}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <PasswordFields password={password} again={again} onPassword={setPassword} onAgain={setAgain} />
      {code !== undefined && <CodeField code={code} onCode={setCode} />}
    </CredentialPage>
  );
}

export const SetupPage = () => <NewcomerPage kind="setup" />;
export const InvitationPage = () => <NewcomerPage kind="invitation" />;
export const PasswordPage = () => <NewcomerPage kind="password" />;
