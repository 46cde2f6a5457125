import type { CreatedApiKey, Person } from '@cluster-ai/contracts';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../api/queries.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { LoadFailure } from '../../ui/notice.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { CreateKeyDialog } from '../keys/create-key-dialog.tsx';
import { KeyRow } from '../keys/key-row.tsx';
import { MadeKeyDialog } from '../keys/made-key-dialog.tsx';

/** The keys of one login, and one more. */
export function PersonKeys({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: all, error, refetch } = useKeys();
  const [step, setStep] = useState<'create' | CreatedApiKey>();
  const keys = all?.filter(({ createdBy }) => createdBy === person.id);
  return (
    <Panel
      title={t('pages.keys')}
      actions={
        may('people:write') &&
        person.state === 'active' && (
          <Button size="small" onClick={() => setStep('create')}>
            <Plus aria-hidden />
            {t('keys.create')}
          </Button>
        )
      }
    >
      {error && !all && <LoadFailure error={error} title={t('keys.listFailed')} onRetry={() => void refetch()} />}
      {!all && !error && <Skeleton className="h-16" />}
      {keys?.length === 0 && <p className="text-muted-foreground">{t(person.kind === 'service' ? 'services.noKeys' : 'people.noKeys')}</p>}
      {keys && keys.length > 0 && (
        <ul className="-mx-4 -mb-2">
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} owner={undefined} />
          ))}
        </ul>
      )}
      {step === 'create' && <CreateKeyDialog owner={person} onClose={() => setStep(undefined)} onMade={setStep} />}
      {typeof step === 'object' && <MadeKeyDialog made={step} onClose={() => setStep(undefined)} />}
    </Panel>
  );
}
