import type { ComputeStatus } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';

/** Four numbers that say how the Dask cluster does. */
export function ComputeNumbers({ compute: { workers, tasks } }: { readonly compute: ComputeStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const sum = (read: (worker: (typeof workers)[number]) => number) => workers.reduce((total, worker) => total + read(worker), 0);
  const numbers = [
    [t('compute.numbers.workers'), format.number(workers.filter(({ condition }) => condition.state === 'ready').length)],
    [
      t('compute.numbers.running'),
      t('compute.ofThreads', { running: format.number(sum(({ running }) => running)), count: sum(({ threads }) => threads) }),
    ],
    [t('compute.numbers.waiting'), format.number((tasks['queued'] ?? 0) + (tasks['submitted'] ?? 0))],
    [
      t('compute.numbers.memory'),
      t('nodes.ofTotal', {
        used: format.memory(sum(({ memoryBytes }) => memoryBytes)),
        total: format.memory(sum(({ memoryLimitBytes }) => memoryLimitBytes)),
      }),
    ],
  ] as const;
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {numbers.map(([name, value]) => (
        <div key={name} className="rounded-xl border bg-card px-4 py-3">
          <dt className="text-muted-foreground text-xs">{name}</dt>
          <dd className="tabular mt-0.5 font-semibold text-lg">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
