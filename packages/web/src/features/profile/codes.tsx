import type { Person, TotpSeed } from '@cluster-ai/contracts';
import { ShieldCheck, ShieldOff } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ErrorNotice, InfoNotice } from '../../ui/notice.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { Panel } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';
import { PasswordField } from '../people/password-field.tsx';

/** Which window is over the page. */
type Step =
  | { readonly kind: 'enrol'; readonly seed: TotpSeed }
  | { readonly kind: 'recovery'; readonly codes: readonly string[] }
  | { readonly kind: 'disable' };

function Enrol({ seed, onClose, onDone }: { readonly seed: TotpSeed; onClose(): void; onDone(codes: readonly string[]): void }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [code, setCode] = useState('');
  return (
    <FormDialog
      title={t('profile.enrol')}
      description={t('profile.enrolText')}
      action={t('profile.confirmCode')}
      isReady={code.trim().length >= 6}
      onClose={onClose}
      onSubmit={async () => onDone((await cluster.confirmTotp(code.trim())).recoveryCodes)}
    >
      <div className="flex flex-wrap items-center gap-4">
        <QrCode text={seed.uri} label={t('profile.codesQr')} />
        <div className="grid min-w-44 flex-1 gap-1.5">
          <p>{t('profile.secretText')}</p>
          <CopyField text={seed.secret} label={t('profile.secret')} />
        </div>
      </div>
      <Field
        label={t('people.code')}
        help={t('profile.codeHelp')}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={40}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
    </FormDialog>
  );
}

function Recovery({ codes, onClose }: { readonly codes: readonly string[]; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Dialog isOpen onClose={onClose} title={t('profile.recovery')} description={t('profile.recoveryText')}>
      <div className="grid gap-4">
        <InfoNotice>{t('profile.recoveryOnce')}</InfoNotice>
        <CopyField text={codes.join('\n')} label={t('profile.recovery')} />
        <Button look="primary" className="justify-self-end" onClick={onClose}>
          {t('profile.recoveryKept')}
        </Button>
      </div>
    </Dialog>
  );
}

function Disable({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [password, setPassword] = useState('');
  return (
    <FormDialog
      title={t('profile.codesOffTitle')}
      description={t('profile.codesOffText')}
      action={t('profile.codesOff')}
      look="danger"
      isReady={password !== ''}
      onClose={onClose}
      onSubmit={async () => {
        await cluster.disableTotp(password);
        onDone();
      }}
    >
      <PasswordField value={password} onWrite={setPassword} />
    </FormDialog>
  );
}

/** Codes of an authenticator app, asked for beside the password. */
export function Codes({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { isBusy, error, run } = useAction();
  const [step, setStep] = useState<Step>();
  const Icon = person.hasTotp ? ShieldCheck : ShieldOff;
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['me'] });
  const close = () => setStep(undefined);
  return (
    <Panel title={t('profile.codes')}>
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="flex min-w-0 flex-1 basis-64 items-start gap-2">
            <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${person.hasTotp ? 'text-ready' : 'text-idle'}`} />
            {person.hasTotp ? t('profile.codesAreOn') : t('profile.codesAreOff')}
          </p>
          {person.hasTotp ? (
            <Button onClick={() => setStep({ kind: 'disable' })}>{t('profile.codesOff')}</Button>
          ) : (
            <Button disabled={isBusy} onClick={() => void run(async () => setStep({ kind: 'enrol', seed: await cluster.enrolTotp() }))}>
              {t('profile.codesOn')}
            </Button>
          )}
        </div>
        {error !== undefined && <ErrorNotice error={error} />}
      </div>
      {step?.kind === 'enrol' && (
        <Enrol
          seed={step.seed}
          onClose={close}
          onDone={(codes) => {
            setStep({ kind: 'recovery', codes });
            void refresh();
          }}
        />
      )}
      {step?.kind === 'recovery' && <Recovery codes={step.codes} onClose={close} />}
      {step?.kind === 'disable' && (
        <Disable
          onClose={close}
          onDone={() => {
            close();
            toast.success(t('profile.codesAreOff'));
            void refresh();
          }}
        />
      )}
    </Panel>
  );
}
