import type { Node } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useStateWord } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { StateIcon } from '../../ui/state-badge.tsx';

function Tile({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useStateWord()(node.condition.state);
  const { metrics, hardware } = node;
  const fill = metrics && hardware ? metrics.memoryUsedBytes / hardware.memoryBytes : 0;
  const rate = metrics?.tokensPerSecond ?? 0;
  const isReady = node.condition.state === 'ready';
  const memory = metrics && hardware ? format.percent(fill) : t('overview.strip.noMetrics');
  return (
    <Link
      to="/nodes/$nodeId"
      params={{ nodeId: node.id }}
      className="relative flex h-24 flex-col justify-between overflow-hidden rounded-lg border bg-card p-3 hover:border-input"
    >
      {/* The tile fills with the machine's memory; what is old is paler. */}
      <span
        aria-hidden
        className={`absolute inset-x-0 bottom-0 transition-[height] duration-500 ${isReady ? 'bg-primary/15' : 'bg-muted'}`}
        style={{ height: `${Math.min(1, fill) * 100}%` }}
      />
      {/* One soft pulse for every measurement in which tokens flowed. */}
      {isReady && rate > 0 && (
        <span key={node.metricsAt} aria-hidden className="absolute inset-0 animate-pulse-once bg-primary/25 opacity-0" />
      )}
      <span className="relative flex items-center gap-2">
        <StateIcon state={node.condition.state} />
        <span className="truncate font-medium">{node.name}</span>
        <span className="sr-only">{word}</span>
      </span>
      <span className="tabular relative flex items-end justify-between gap-2 text-xs">
        {isReady ? (
          <span>
            {memory} <span className="sr-only">{t('overview.strip.memory')}</span>
          </span>
        ) : (
          <span aria-hidden>{word}</span>
        )}
        {isReady && rate > 0 && <span className="font-medium">{t('overview.answering.rate', { rate: format.rate(rate) })}</span>}
      </span>
    </Link>
  );
}

/** Every machine as a tile: how full, how it is, and a pulse while it thinks. */
export function NodeStrip({ nodes }: { readonly nodes: readonly Node[] }) {
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-3">
      {nodes.map((node) => (
        <li key={node.id}>
          <Tile node={node} />
        </li>
      ))}
    </ul>
  );
}
