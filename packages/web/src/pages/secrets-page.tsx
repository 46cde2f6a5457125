import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSecrets } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { PutSecretDialog } from '../features/secrets/put-secret-dialog.tsx';
import { SealingKeys } from '../features/secrets/sealing-keys.tsx';
import { SecretList } from '../features/secrets/secret-list.tsx';
import { Button } from '../ui/button.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Page, Skeleton } from '../ui/surface.tsx';

/** Tokens and passwords of other systems, by name; and the keys that seal them. */
export function SecretsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: status, error, refetch } = useSecrets();
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title={t('pages.secrets')}
      lead={t('secrets.lead')}
      actions={
        status &&
        may('secrets:write') && (
          <Button look="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden />
            {t('secrets.add')}
          </Button>
        )
      }
    >
      {error && !status && <LoadFailure error={error} title={t('secrets.listFailed')} onRetry={() => void refetch()} />}
      {!status && !error && <Skeleton className="h-64" />}
      {status && (
        <div className="grid gap-4">
          <SecretList secrets={status.secrets} />
          <SealingKeys status={status} />
        </div>
      )}
      {isAdding && status && <PutSecretDialog taken={status.secrets.map(({ name }) => name)} onClose={() => setAdding(false)} />}
    </Page>
  );
}
