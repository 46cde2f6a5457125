import type { Person } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Chip } from '../../ui/chip.tsx';
import { Field } from '../../ui/field.tsx';
import { FormPanel } from '../../ui/form-panel.tsx';
import { Facts } from '../../ui/surface.tsx';
import { PasswordField } from '../people/password-field.tsx';

/** How one is called, and what one may do here. */
export function OwnName({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [displayName, setDisplayName] = useState(person.displayName);
  const [email, setEmail] = useState(person.email ?? '');
  const [password, setPassword] = useState('');
  const isNewAddress = email.trim() !== (person.email ?? '');
  const asksPassword = isNewAddress && person.hasPassword;
  const isChanged = displayName.trim() !== person.displayName || isNewAddress;

  async function save(): Promise<void> {
    const proof = asksPassword ? { currentPassword: password } : {};
    await cluster.updateMe({ displayName: displayName.trim(), email: email.trim() || null, ...proof });
    setPassword('');
    await queryClient.invalidateQueries({ queryKey: ['me'] });
    toast.success(t('profile.saved'));
  }

  return (
    <FormPanel title={t('profile.you')} action={t('common.save')} isReady={isChanged && !(asksPassword && password === '')} onSubmit={save}>
      <Facts
        facts={[
          [t('people.name'), person.name],
          [
            t('people.role'),
            <span key="role" className="flex flex-wrap items-center gap-2">
              <Chip>{t(`roles.${person.role}`)}</Chip>
              <span className="text-muted-foreground">{t(`roleTexts.${person.role}`)}</span>
            </span>,
          ],
        ]}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={t('profile.displayName')}
          help={t('profile.displayNameHelp')}
          maxLength={120}
          autoComplete="name"
          value={displayName}
          onChange={(event) => setDisplayName(event.target.value)}
        />
        <Field
          label={t('profile.email')}
          type="email"
          maxLength={254}
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </div>
      {asksPassword && (
        <PasswordField label={t('profile.oldPassword')} help={t('profile.addressNeedsPassword')} value={password} onWrite={setPassword} />
      )}
    </FormPanel>
  );
}
