import type { DataKey, SecretsStatus } from '@cluster-ai/contracts';
import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/use-may.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { Fact } from '../../ui/fact.tsx';
import { InfoNotice } from '../../ui/notice.tsx';
import { Panel } from '../../ui/surface.tsx';
import { RotateDialog } from './rotate-dialog.tsx';
import { Rotations } from './rotations.tsx';

function toStateKey({ isActive, rotationDue }: DataKey) {
  if (!isActive) return 'leaving';
  return { no: 'inUse', age: 'dueByAge', uses: 'dueByUses' }[rotationDue] as 'inUse' | 'dueByAge' | 'dueByUses';
}

function DataKeys({ keys }: { readonly keys: readonly DataKey[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ul>
      {keys.map((key) => (
        <li key={`${key.purpose} ${key.version}`} className="border-t py-2 text-[0.8125rem]">
          <dl className="flex flex-wrap gap-x-5 gap-y-1">
            <Fact name={t('secrets.columns.purpose')}>
              <code className="font-mono text-xs">{key.purpose}</code>
            </Fact>
            <Fact name={t('secrets.columns.version')}>{key.version}</Fact>
            <Fact name={t('secrets.columns.age')}>
              <Age iso={key.createdAt} />
            </Fact>
            <Fact name={t('secrets.columns.uses')}>
              <span className="tabular">{format.number(key.uses)}</span>
            </Fact>
            <Fact name={t('secrets.columns.state')}>{t(`secrets.keyStates.${toStateKey(key)}`)}</Fact>
          </dl>
        </li>
      ))}
    </ul>
  );
}

/** The keys that secrets are sealed with, and their replacement. */
export function SealingKeys({ status }: { readonly status: SecretsStatus }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const { masterKey, dataKeys, rotations } = status;
  return (
    <Panel
      title={t('secrets.keys')}
      actions={
        may('secrets:write') && (
          <Button size="small" onClick={() => setOpen(true)}>
            <RefreshCw aria-hidden />
            {t('secrets.rotate')}
          </Button>
        )
      }
    >
      <div className="grid gap-4">
        <p className="text-muted-foreground">{t('secrets.keysText')}</p>
        <Rotations rotations={rotations} />
        {dataKeys.some(({ rotationDue }) => rotationDue !== 'no') && <InfoNotice>{t('secrets.due')}</InfoNotice>}
        <p>
          {t('secrets.master', { id: masterKey.id, source: t(`secrets.sources.${masterKey.source}`) })}{' '}
          <span className="text-muted-foreground">
            {t('secrets.columns.age')} <Age iso={masterKey.createdAt} />
          </span>
        </p>
        {dataKeys.length > 0 && <DataKeys keys={dataKeys} />}
      </div>
      {isOpen && <RotateDialog status={status} onClose={() => setOpen(false)} />}
    </Panel>
  );
}
