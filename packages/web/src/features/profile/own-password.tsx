import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { FormPanel } from '../../ui/form-panel.tsx';
import { PasswordField } from '../people/password-field.tsx';
import { PasswordFields, shortestPassword } from '../people/password-fields.tsx';

/** A new password needs the old one, and ends the other sessions. */
export function OwnPassword() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
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
    <FormPanel
      title={t('profile.password')}
      action={t('profile.changePassword')}
      isReady={old !== '' && password.length >= shortestPassword && password === again}
      onSubmit={save}
    >
      <p className="text-muted-foreground">{t('profile.passwordText')}</p>
      <div className="grid gap-4 sm:max-w-sm">
        <PasswordField label={t('profile.oldPassword')} value={old} onWrite={setOld} />
        <PasswordFields label={t('profile.newPassword')} password={password} again={again} onPassword={setPassword} onAgain={setAgain} />
      </div>
    </FormPanel>
  );
}
