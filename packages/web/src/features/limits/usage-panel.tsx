import type { UsageReport } from '@cluster-ai/contracts';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LoadFailure } from '../../ui/notice.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { UsageOf } from './usage-report.tsx';

interface UsagePanelProps {
  readonly usage: UseQueryResult<UsageReport>;
  readonly actions?: ReactNode;
}

/** What somebody uses and may use, as it comes from the server. */
export function UsagePanel({ usage: { data, error, refetch }, actions }: UsagePanelProps) {
  const { t } = useTranslation();
  return (
    <Panel title={t('limits.title')} actions={actions}>
      {error && !data && <LoadFailure error={error} title={t('limits.failed')} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-36" />}
      {data && <UsageOf report={data} />}
    </Panel>
  );
}
