import type { Worker } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { Cpu } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Chip } from '../../ui/chip.tsx';
import { Meter } from '../../ui/meter.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Empty, Panel } from '../../ui/surface.tsx';

function WorkerRow({ worker }: { readonly worker: Worker }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { name, nodeId, node, pool, isProxy, condition, threads, memoryBytes, memoryLimitBytes, spilledBytes, running } = worker;
  const memory = t('nodes.ofTotal', { used: format.memory(memoryBytes), total: format.memory(memoryLimitBytes) });
  return (
    <li className="grid gap-2 border-t py-3 first:border-t-0 first:pt-0 sm:grid-cols-[1fr_auto_12rem] sm:items-center sm:gap-4">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          {nodeId === '' ? (
            <span className="font-medium">{name}</span>
          ) : (
            <Link
              to="/nodes/$nodeId"
              params={{ nodeId }}
              className="inline-flex min-h-6 items-center font-medium underline-offset-2 [overflow-wrap:anywhere] hover:underline"
            >
              {node}
            </Link>
          )}
          <Chip>{t(`compute.pools.${pool}`)}</Chip>
          {isProxy && <Chip>{t('compute.proxy')}</Chip>}
        </p>
        <p className="text-muted-foreground text-xs">
          {t('compute.threads', { count: threads })} · {t('compute.runs', { count: running })}
          {spilledBytes > 0 && ` · ${t('compute.spilled', { size: format.bytes(spilledBytes) })}`}
        </p>
      </div>
      <StateBadge condition={condition} of={name} />
      <div className="grid gap-1">
        <span className="tabular text-xs">{memory}</span>
        <Meter label={t('compute.memoryOf', { name })} value={memoryLimitBytes === 0 ? 0 : memoryBytes / memoryLimitBytes} text={memory} />
      </div>
    </li>
  );
}

/** The workers of Dask, each with its state and how full it is. */
export function WorkerList({ workers }: { readonly workers: readonly Worker[] }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('compute.workers')}>
      {workers.length === 0 ? (
        <Empty icon={<Cpu aria-hidden />} title={t('compute.noWorkers')} />
      ) : (
        <ul>
          {workers.map((worker) => (
            <WorkerRow key={worker.name} worker={worker} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
