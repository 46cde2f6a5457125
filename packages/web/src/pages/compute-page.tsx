import { useSearch } from '@tanstack/react-router';
import { Cpu } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useCompute } from '../api/compute-queries.ts';
import { useMay } from '../api/use-may.ts';
import { ComputeNumbers } from '../features/compute/compute-numbers.tsx';
import { PartsPanel } from '../features/compute/parts-panel.tsx';
import { SwitchButton } from '../features/compute/switch-button.tsx';
import { WorkerList } from '../features/compute/worker-list.tsx';
import { TaskList } from '../features/tasks/task-list.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

/** The Dask cluster: whether it runs, on what, and what it works on. */
export function ComputePage() {
  const { t } = useTranslation();
  const may = useMay();
  const search = useSearch({ from: '/compute' });
  const { data: compute, error, refetch } = useCompute();
  const maySwitch = may('compute:manage');
  return (
    <Page
      title={t('pages.compute')}
      lead={compute?.isEnabled ? <StateBadge condition={compute.condition} of={t('pages.compute')} /> : t('compute.lead')}
      actions={compute?.isEnabled && maySwitch && <SwitchButton isEnabled />}
    >
      {error && !compute && <LoadFailure error={error} title={t('compute.failed')} onRetry={() => void refetch()} />}
      {!compute && !error && <Skeleton className="h-64" />}
      {compute && !compute.isEnabled && (
        <Card>
          <Empty icon={<Cpu aria-hidden />} title={t('compute.off')}>
            <p>{t('compute.offText')}</p>
            {maySwitch ? <SwitchButton isEnabled={false} /> : <p>{t('compute.askOperator')}</p>}
          </Empty>
        </Card>
      )}
      {compute?.isEnabled && (
        <div className="grid gap-4">
          <ComputeNumbers compute={compute} />
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <WorkerList workers={compute.workers} />
            <PartsPanel compute={compute} />
          </div>
          {may('tasks:read') && <TaskList search={search} />}
        </div>
      )}
    </Page>
  );
}
