import type { Passkey } from '@cluster-ai/contracts';
import { Fingerprint, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { usePasskeys } from '../../api/queries.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { LoadFailure } from '../../ui/notice.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { hasPasskeys, makePasskey } from '../people/passkeys.ts';
import { PasswordField } from '../people/password-field.tsx';

function AddPasskey({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');

  async function add(): Promise<void> {
    const credential = await makePasskey(await cluster.beginPasskey(password));
    if (credential === null) return;
    await cluster.addPasskey({ name: name.trim(), credential });
    await queryClient.invalidateQueries({ queryKey: ['passkeys'] });
    toast.success(t('profile.passkeyAdded'));
    onClose();
  }

  return (
    <FormDialog
      title={t('profile.addPasskey')}
      description={t('profile.addPasskeyText')}
      action={t('profile.addPasskey')}
      isReady={password !== ''}
      onClose={onClose}
      onSubmit={add}
    >
      <Field
        label={t('profile.passkeyName')}
        help={t('profile.passkeyNameHelp')}
        maxLength={120}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <PasswordField value={password} onWrite={setPassword} />
    </FormDialog>
  );
}

function PasskeyRow({ passkey, onForget }: { readonly passkey: Passkey; onForget(): void }) {
  const { t } = useTranslation();
  const name = passkey.name || t('profile.unnamedPasskey');
  return (
    <li className="flex items-center gap-3 border-t py-2.5 first:border-t-0">
      <Fingerprint aria-hidden className="size-4 shrink-0 text-muted-foreground" />
      <div className="min-w-0 flex-1">
        <p className="break-words">{name}</p>
        <p className="text-muted-foreground text-xs">
          {passkey.host} ·{' '}
          {passkey.lastUsedAt === null ? (
            t('profile.passkeyNeverUsed')
          ) : (
            <>
              {t('profile.passkeyUsed')} <Age iso={passkey.lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <Button size="small" onClick={onForget}>
        {t('profile.forgetPasskey')}
        <span className="sr-only">{name}</span>
      </Button>
    </li>
  );
}

/** One's own passkeys. */
export function Passkeys() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { data: passkeys, error, refetch } = usePasskeys();
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Passkey>();

  async function forget({ id }: Passkey): Promise<void> {
    await cluster.removePasskey(id);
    await queryClient.invalidateQueries({ queryKey: ['passkeys'] });
  }

  return (
    <Panel
      title={t('profile.passkeys')}
      actions={
        hasPasskeys() && (
          <Button size="small" onClick={() => setAdding(true)}>
            <Plus aria-hidden />
            {t('profile.addPasskey')}
          </Button>
        )
      }
    >
      {error && !passkeys && <LoadFailure error={error} title={t('profile.passkeysFailed')} onRetry={() => void refetch()} />}
      {!passkeys && !error && <Skeleton className="h-12" />}
      {passkeys?.length === 0 && (
        <p className="text-muted-foreground">{hasPasskeys() ? t('profile.noPasskeys') : t('profile.passkeysNotHere')}</p>
      )}
      {passkeys && passkeys.length > 0 && (
        <ul>
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onForget={() => setLeaving(passkey)} />
          ))}
        </ul>
      )}
      {isAdding && <AddPasskey onClose={() => setAdding(false)} />}
      {leaving && (
        <Confirm
          title={t('profile.forgetPasskeyTitle')}
          description={t('profile.forgetPasskeyText')}
          action={t('profile.forgetPasskey')}
          onClose={() => setLeaving(undefined)}
          onConfirm={() => forget(leaving)}
        />
      )}
    </Panel>
  );
}
