import type { CreatedApiKey } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useModels } from '../../api/queries.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { InfoNotice } from '../../ui/notice.tsx';

const toTry = (origin: string, key: string, model: string) =>
  `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'`;

/** The only time that the key is shown: to be copied, and how to try it. */
export function MadeKeyDialog({ made, onClose }: { readonly made: CreatedApiKey; onClose(): void }) {
  const { t } = useTranslation();
  const { data } = useModels();
  const model = made.models?.find((name) => !name.includes('*')) ?? data?.models[0]?.name ?? 'starter';
  const isForAnswers = made.scopes === null || made.scopes.includes('inference:use');
  return (
    <Dialog isOpen onClose={onClose} title={t('keys.made', { name: made.name })} className="max-w-2xl">
      <div className="grid gap-4">
        <InfoNotice>{t('keys.once')}</InfoNotice>
        <CopyField text={made.key} label={t('keys.theKey')} />
        {isForAnswers && made.role !== 'viewer' && (
          <div className="grid gap-1.5">
            <h3 className="font-medium">{t('keys.try')}</h3>
            <CopyField text={toTry(location.origin, made.key, model)} label={t('keys.try')} />
            <p className="text-muted-foreground text-xs">{t('keys.tryText', { url: `${location.origin}/v1` })}</p>
          </div>
        )}
        <Button look="primary" className="justify-self-end" onClick={onClose}>
          {t('keys.kept')}
        </Button>
      </div>
    </Dialog>
  );
}
