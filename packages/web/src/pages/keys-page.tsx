import type { ApiKey, CreatedApiKey } from '@cluster-ai/contracts';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys, useMe, usePeople } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { CreateKeyDialog } from '../features/keys/create-key-dialog.tsx';
import { KeyRow } from '../features/keys/key-row.tsx';
import { toKeyState } from '../features/keys/key-state.ts';
import { MadeKeyDialog } from '../features/keys/made-key-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { Check } from '../ui/field.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

/** How the owner of a key is called; undefined where all keys are one's own. */
function useOwnerName(keys: readonly ApiKey[]): (ownerId: string) => string | undefined {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const { data: people = [] } = usePeople(useMay()('people:read'));
  const isMixed = keys.some(({ createdBy }) => createdBy !== me?.id);
  return (ownerId) => {
    if (!isMixed) return undefined;
    if (ownerId === 'local') return t('keys.thisMachine');
    const person = people.find(({ id }) => id === ownerId);
    return person?.displayName || person?.name || ownerId;
  };
}

function KeyList({ keys }: { readonly keys: readonly ApiKey[] }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const ownerName = useOwnerName(keys);
  const [isMineOnly, setMineOnly] = useState(false);
  const [showsEnded, setShowsEnded] = useState(false);
  const isEnded = (key: ApiKey) => toKeyState(key, Date.now()) !== 'active';
  const ended = keys.filter(isEnded).length;
  const others = keys.filter(({ createdBy }) => createdBy !== me?.id).length;
  const shown = keys.filter((key) => (showsEnded || !isEnded(key)) && (!isMineOnly || key.createdBy === me?.id));
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-x-5 gap-y-1 empty:hidden">
        {others > 0 && others < keys.length && <Check label={t('keys.mineOnly')} checked={isMineOnly} onChange={setMineOnly} />}
        {ended > 0 && <Check label={t('keys.showEnded', { count: ended })} checked={showsEnded} onChange={setShowsEnded} />}
      </div>
      <Card>
        {shown.length === 0 ? (
          <Empty icon={<KeyRound aria-hidden />} title={t('keys.empty')}>
            {t('keys.emptyText')}
          </Empty>
        ) : (
          <ul>
            {shown.map((key) => (
              <KeyRow key={key.id} apiKey={key} owner={ownerName(key.createdBy)} />
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}

/** The keys by which programs sign in. */
export function KeysPage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: keys, error, refetch } = useKeys();
  const [step, setStep] = useState<'create' | CreatedApiKey>();
  return (
    <Page
      title={t('pages.keys')}
      lead={t('keys.lead')}
      actions={
        may('keys:write') && (
          <Button look="primary" onClick={() => setStep('create')}>
            <Plus aria-hidden />
            {t('keys.create')}
          </Button>
        )
      }
    >
      {error && !keys && <LoadFailure error={error} title={t('keys.listFailed')} onRetry={() => void refetch()} />}
      {!keys && !error && <Skeleton className="h-48" />}
      {keys && <KeyList keys={keys} />}
      {step === 'create' && <CreateKeyDialog onClose={() => setStep(undefined)} onMade={setStep} />}
      {typeof step === 'object' && <MadeKeyDialog made={step} onClose={() => setStep(undefined)} />}
    </Page>
  );
}
