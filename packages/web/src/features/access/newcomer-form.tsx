import { isClusterError } from '@cluster-ai/client';
import type { Profile } from '@cluster-ai/contracts';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { useEnter } from './use-enter.ts';

/** The server judges passwords; that one is too short can be said without asking it. */
const LEAST_LENGTH = 12;

export interface NewcomerFormProps {
  readonly hasName: boolean;
  readonly submit: string;
  onSubmit(typed: { readonly name: string; readonly password: string }): Promise<Profile>;
  onDone(): void;
}

interface Mistakes {
  readonly name?: string;
  readonly password?: string;
  readonly again?: string;
}

const paramOf = (error: unknown) => (isClusterError(error) ? error.param : undefined);
const isTaken = (error: unknown) => isClusterError(error) && error.code === 'already_exists';

/** How somebody will sign in: a name where there is none yet, and a password, twice. */
export function NewcomerForm({ hasName, submit, onSubmit, onDone }: NewcomerFormProps) {
  const { t } = useTranslation();
  const enter = useEnter();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  function findMistakes(): Mistakes {
    if ([...password].length < LEAST_LENGTH) return { password: t('access.passwordShort') };
    return password === again ? {} : { again: t('access.passwordsDiffer') };
  }
  function explainRefusal(failure: unknown): void {
    const param = paramOf(failure);
    if (param === 'password') setMistakes({ password: t('access.passwordWeak') });
    else if (param === 'name') setMistakes({ name: isTaken(failure) ? t('access.nameTaken') : t('access.nameWrong') });
    else setError(failure);
  }
  async function send(): Promise<void> {
    const found = findMistakes();
    setMistakes(found);
    setError(undefined);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      enter(await onSubmit({ name, password }));
      onDone();
    } catch (failure) {
      explainRefusal(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void send();
      }}
      className="grid gap-4"
    >
      {error !== undefined && <ErrorNotice error={error} />}
      {hasName && (
        <Field
          label={t('access.name')}
          help={t('access.nameRules')}
          error={mistakes.name}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <Field
        label={hasName ? t('access.password') : t('access.newPassword')}
        help={t('access.passwordRules')}
        error={mistakes.password}
        type="password"
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Field
        label={t('access.passwordAgain')}
        error={mistakes.again}
        type="password"
        autoComplete="new-password"
        required
        value={again}
        onChange={(event) => setAgain(event.target.value)}
      />
      <Button type="submit" look="primary" disabled={isBusy}>
        {submit}
      </Button>
    </form>
  );
}
