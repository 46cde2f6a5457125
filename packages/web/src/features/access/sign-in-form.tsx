import { isClusterError } from '@cluster-ai/client';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { useEnter } from './use-enter.ts';

const asksForCode = (error: unknown) => isClusterError(error) && error.code === 'second_factor_required';

/** Name and password, and a code when the answer asks for one. */
export function SignInForm({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const enter = useEnter();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  async function signIn(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      const typed = code?.trim() ?? '';
      enter(await cluster.signIn({ name, password, ...(typed === '' ? {} : { code: typed }) }));
      onDone();
    } catch (failure) {
      if (asksForCode(failure)) setCode('');
      else setError(failure);
    } finally {
      setBusy(false);
    }
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    void signIn();
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      {error !== undefined && <ErrorNotice error={error} />}
      <Field
        label={t('access.name')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('access.password')}
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {code !== undefined && (
        <Field
          label={t('access.code')}
          help={t('access.codeHelp')}
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          required
          minLength={6}
          autoFocus
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
      <Button type="submit" look="primary" disabled={isBusy}>
        {t('access.signIn')}
      </Button>
    </form>
  );
}
