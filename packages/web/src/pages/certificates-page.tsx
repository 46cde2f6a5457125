import { RefreshCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useCertificates } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { CertificateRow } from '../features/certificates/certificate-row.tsx';
import { Button } from '../ui/button.tsx';
import { ErrorNotice, LoadFailure } from '../ui/notice.tsx';
import { Card, Page, Skeleton } from '../ui/surface.tsx';
import { useAction } from '../ui/use-action.ts';

/** The certificates of the cluster: until when they are good, and new ones for what listens. */
export function CertificatesPage() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const may = useMay();
  const { data: certificates, error, refetch } = useCertificates();
  const renewal = useAction();

  async function renew(): Promise<void> {
    queryClient.setQueryData(['certificates'], await cluster.renewCertificates());
    toast.success(t('certificates.renewed'));
  }

  return (
    <Page
      title={t('pages.certificates')}
      lead={t('certificates.lead')}
      actions={
        certificates &&
        may('certificates:write') && (
          <Button disabled={renewal.isBusy} onClick={() => void renewal.run(renew)}>
            <RefreshCw aria-hidden />
            {t('certificates.renew')}
          </Button>
        )
      }
    >
      {renewal.error !== undefined && <ErrorNotice className="mb-4" error={renewal.error} title={t('certificates.renewFailed')} />}
      {error && !certificates && <LoadFailure error={error} title={t('certificates.listFailed')} onRetry={() => void refetch()} />}
      {!certificates && !error && <Skeleton className="h-48" />}
      {certificates && (
        <Card>
          <ul>
            {certificates.map((certificate) => (
              <CertificateRow key={`${certificate.purpose} ${certificate.serial} ${certificate.owner}`} certificate={certificate} />
            ))}
          </ul>
        </Card>
      )}
    </Page>
  );
}
