import type { Secret } from '@cluster-ai/contracts';
import { Vault } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Card, Empty } from '../../ui/surface.tsx';
import { PutSecretDialog } from './put-secret-dialog.tsx';

type Step = { readonly kind: 'replace' | 'remove'; readonly secret: Secret };

function SecretRow({ secret, onStep }: { readonly secret: Secret; onStep(step: Step): void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { name, purpose, changedAt, keyVersion } = secret;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-4 py-3 first:border-t-0">
      <div className="grid min-w-0 flex-1 basis-60 gap-1">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <h2 className="min-w-0 font-medium [overflow-wrap:anywhere]">{name}</h2>
          <Chip>{t(`secrets.purposes.${purpose}`)}</Chip>
        </div>
        <p className="text-muted-foreground text-xs">
          {t('secrets.changed')} <Age iso={changedAt} /> · {t('secrets.keyVersion', { version: keyVersion })}
        </p>
      </div>
      {may('secrets:write') && (
        <div className="flex gap-2">
          <Button size="small" onClick={() => onStep({ kind: 'replace', secret })}>
            {t('secrets.replace')} <span className="sr-only">{name}</span>
          </Button>
          <Button look="danger" size="small" onClick={() => onStep({ kind: 'remove', secret })}>
            {t('secrets.remove')} <span className="sr-only">{name}</span>
          </Button>
        </div>
      )}
    </li>
  );
}

/** What is kept, by name and kind: a value is never shown. */
export function SecretList({ secrets }: { readonly secrets: readonly Secret[] }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [step, setStep] = useState<Step>();
  const close = () => setStep(undefined);

  async function remove(name: string): Promise<void> {
    await cluster.removeSecret(name);
    await queryClient.invalidateQueries({ queryKey: ['secrets'] });
    toast.success(t('secrets.removed', { name }));
  }

  return (
    <Card>
      {secrets.length === 0 ? (
        <Empty icon={<Vault aria-hidden />} title={t('secrets.empty')}>
          {t('secrets.emptyText')}
        </Empty>
      ) : (
        <ul>
          {secrets.map((secret) => (
            <SecretRow key={secret.name} secret={secret} onStep={setStep} />
          ))}
        </ul>
      )}
      {step?.kind === 'replace' && <PutSecretDialog secret={step.secret} taken={[]} onClose={close} />}
      {step?.kind === 'remove' && (
        <Confirm
          name={step.secret.name}
          title={t('secrets.removeTitle', { name: step.secret.name })}
          description={t('secrets.removeText')}
          action={t('secrets.remove')}
          onClose={close}
          onConfirm={() => remove(step.secret.name)}
        />
      )}
    </Card>
  );
}
