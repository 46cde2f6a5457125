import type { Person } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Facts, Panel } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';

/** How one is called, and what one may do here. */
export function OwnName({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { isBusy, error, run } = useAction();
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
    <Panel title={t('profile.you')}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run(save);
        }}
      >
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
          <Field
            label={t('profile.oldPassword')}
            help={t('profile.addressNeedsPassword')}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        {error !== undefined && <ErrorNotice error={error} />}
        <Button type="submit" className="justify-self-start" disabled={isBusy || !isChanged || (asksPassword && password === '')}>
          {t('common.save')}
        </Button>
      </form>
    </Panel>
  );
}
