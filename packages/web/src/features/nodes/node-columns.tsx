import type { Node } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Age } from '../../ui/age.tsx';
import { Meter } from '../../ui/meter.tsx';

/** Values of a machine that is away are shown, but paler: they are the last ones known. */
const isCurrent = (node: Node) =>
  node.condition.state === 'ready' || node.condition.state === 'degraded' || node.condition.state === 'draining';
const fade = (node: Node) => (isCurrent(node) ? '' : 'opacity-70');

export function CpuCell({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!node.metrics) return <NotMeasured />;
  const text = format.percent(node.metrics.cpuUtilization);
  return (
    <div className={`grid min-w-16 gap-1 ${fade(node)}`}>
      <span className="tabular">{text}</span>
      <Meter label={t('nodes.columns.cpu')} value={node.metrics.cpuUtilization} text={text} />
    </div>
  );
}

export function MemoryCell({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!node.metrics || !node.hardware) return <NotMeasured />;
  const text = t('nodes.ofTotal', { used: format.memory(node.metrics.memoryUsedBytes), total: format.memory(node.hardware.memoryBytes) });
  return (
    <div className={`grid min-w-28 gap-1 ${fade(node)}`}>
      <span className="tabular whitespace-nowrap">{text}</span>
      <Meter label={t('nodes.columns.memory')} value={node.metrics.memoryUsedBytes / node.hardware.memoryBytes} text={text} />
    </div>
  );
}

export function GpuCell({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!node.hardware) return <NotMeasured />;
  if (node.hardware.gpus.length === 0) return <span className="text-muted-foreground">{t('nodes.noGpu')}</span>;
  return (
    <ul className={`grid gap-1.5 ${fade(node)}`}>
      {node.hardware.gpus.map((gpu, index) => {
        const used = node.metrics?.gpus[index];
        const text = used
          ? t('nodes.ofTotal', { used: format.memory(used.memoryUsedBytes), total: format.memory(gpu.memoryBytes) })
          : format.memory(gpu.memoryBytes);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: GPUs are known by their place
          <li key={index} className="grid gap-1">
            <span className="tabular whitespace-nowrap" title={gpu.name}>
              {text}
              {used?.temperatureCelsius != null && ` · ${Math.round(used.temperatureCelsius)} °C`}
            </span>
            {used && <Meter label={gpu.name} value={used.memoryUsedBytes / gpu.memoryBytes} text={text} />}
          </li>
        );
      })}
    </ul>
  );
}

export function DiskCell({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!node.metrics || !node.hardware) return <NotMeasured />;
  const text = t('nodes.freeOf', { free: format.bytes(node.metrics.diskFreeBytes), total: format.bytes(node.hardware.diskTotalBytes) });
  return (
    <div className={`grid min-w-20 gap-1 ${fade(node)}`} title={text}>
      <span className="tabular whitespace-nowrap">{format.bytes(node.metrics.diskFreeBytes)}</span>
      <Meter label={t('nodes.columns.disk')} value={1 - node.metrics.diskFreeBytes / node.hardware.diskTotalBytes} text={text} />
    </div>
  );
}

export function SeenCell({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  if (node.lastSeenAt === null) return <span className="text-muted-foreground">{t('common.never')}</span>;
  if (node.condition.state === 'ready') return <span>{t('nodes.now')}</span>;
  return <Age iso={node.lastSeenAt} />;
}

export function RateCell({ node }: { readonly node: Node }) {
  const format = useFormat();
  return node.metrics ? <span className={`tabular ${fade(node)}`}>{format.rate(node.metrics.tokensPerSecond)}</span> : <NotMeasured />;
}

function NotMeasured() {
  const { t } = useTranslation();
  return (
    <span className="text-muted-foreground">
      <span aria-hidden>–</span>
      <span className="sr-only">{t('overview.strip.noMetrics')}</span>
    </span>
  );
}
