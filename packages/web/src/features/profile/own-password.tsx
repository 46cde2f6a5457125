import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Panel } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';
import { PasswordFields, shortestPassword } from '../people/password-fields.tsx';

/** A new password needs the old one, and ends the other sessions. */
export function OwnPassword() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { isBusy, error, run } = useAction();
  const [old, setOld] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');

  async function save(): Promise<void> {
    await cluster.updateMe({ password: { old, new: password } });
    await queryClient.invalidateQueries({ queryKey: ['sessions'] });
    setOld('');
    setPassword('');
    setAgain('');
    toast.success(t('profile.passwordChanged'));
  }

  return (
    <Panel title={t('profile.password')}>
      <form
        className="grid gap-4 sm:max-w-sm"
        onSubmit={(event) => {
          event.preventDefault();
          void run(save);
        }}
      >
        <p className="text-muted-foreground">{t('profile.passwordText')}</p>
        <Field
          label={t('profile.oldPassword')}
          type="password"
          autoComplete="current-password"
          required
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
        <PasswordFields label={t('profile.newPassword')} password={password} again={again} onPassword={setPassword} onAgain={setAgain} />
        {error !== undefined && <ErrorNotice error={error} />}
        <Button
          type="submit"
          className="justify-self-start"
          disabled={isBusy || old === '' || password.length < shortestPassword || password !== again}
        >
          {isBusy ? t('people.wait') : t('profile.changePassword')}
        </Button>
      </form>
    </Panel>
  );
}
