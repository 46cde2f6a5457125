import type { Node } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { createColumnHelper, createSortedRowModel, rowSortingFeature, sortFns, tableFeatures, useTable } from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { StateBadge } from '../../ui/state-badge.tsx';
import { CpuCell, DiskCell, GpuCell, MemoryCell, RateCell, SeenCell } from './node-columns.tsx';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });
const helper = createColumnHelper<typeof features, Node>();

type ColumnKey = 'name' | 'state' | 'cpu' | 'memory' | 'gpu' | 'disk' | 'models' | 'rate' | 'seen';

function NodeLink({ node }: { readonly node: Node }) {
  return (
    <Link
      to="/nodes/$nodeId"
      params={{ nodeId: node.id }}
      className="inline-flex min-h-6 items-center font-medium underline-offset-2 hover:underline"
    >
      {node.name}
    </Link>
  );
}

const memoryShare = ({ metrics, hardware }: Node) => (metrics && hardware ? metrics.memoryUsedBytes / hardware.memoryBytes : -1);

// Each column sorts by one number or text, and draws its cell from the whole node.
const define = (id: ColumnKey, read: (node: Node) => string | number, cell: (node: Node) => ReactNode) =>
  helper.accessor(read, { id, cell: ({ row }) => cell(row.original) });

const columns = helper.columns([
  define(
    'name',
    (node) => node.name.toLowerCase(),
    (node) => <NodeLink node={node} />,
  ),
  define(
    'state',
    (node) => node.condition.state,
    (node) => <StateBadge condition={node.condition} of={node.name} />,
  ),
  define(
    'cpu',
    (node) => node.metrics?.cpuUtilization ?? -1,
    (node) => <CpuCell node={node} />,
  ),
  define('memory', memoryShare, (node) => <MemoryCell node={node} />),
  define(
    'gpu',
    (node) => node.hardware?.gpus.reduce((sum, gpu) => sum + gpu.memoryBytes, 0) ?? -1,
    (node) => <GpuCell node={node} />,
  ),
  define(
    'disk',
    (node) => node.metrics?.diskFreeBytes ?? -1,
    (node) => <DiskCell node={node} />,
  ),
  define(
    'models',
    (node) => node.replicas.length,
    (node) => <span className="tabular">{node.replicas.length}</span>,
  ),
  define(
    'rate',
    (node) => node.metrics?.tokensPerSecond ?? -1,
    (node) => <RateCell node={node} />,
  ),
  define(
    'seen',
    (node) => node.lastSeenAt ?? '',
    (node) => <SeenCell node={node} />,
  ),
]);

/** All machines, sortable by every column. */
export function NodeTable({ nodes }: { readonly nodes: readonly Node[] }) {
  const { t } = useTranslation();
  const data = useMemo(() => [...nodes], [nodes]);
  const table = useTable({ features, columns, data, initialState: { sorting: [{ id: 'name', desc: false }] } });
  const ariaSort = (sorted: false | 'asc' | 'desc') => (sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : 'none');
  return (
    <table className="w-full text-left">
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id} className="border-b text-muted-foreground text-xs">
            {group.headers.map(({ column }) => {
              const { id } = column;
              const sorted = column.getIsSorted();
              const name = t(`nodes.columns.${id as ColumnKey}`);
              return (
                <th key={id} scope="col" aria-sort={ariaSort(sorted)} className="px-3 py-2 font-medium first:pl-4">
                  <button
                    type="button"
                    onClick={column.getToggleSortingHandler()}
                    title={t('nodes.sortBy', { column: name })}
                    className="-mx-1 inline-flex min-h-6 items-center gap-1 whitespace-nowrap rounded px-1 hover:text-foreground"
                  >
                    {name}
                    {sorted === 'asc' && <ArrowUp aria-hidden className="size-3" />}
                    {sorted === 'desc' && <ArrowDown aria-hidden className="size-3" />}
                  </button>
                </th>
              );
            })}
          </tr>
        ))}
      </thead>
      <tbody>
        {table.getRowModel().rows.map((row) => (
          <tr key={row.original.id} className="border-t align-top first:border-t-0">
            {row.getAllCells().map((cell) => (
              <td key={cell.id} className="px-3 py-2.5 first:pl-4">
                <table.FlexRender cell={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The same machines for narrow pages. */
export function NodeCards({ nodes }: { readonly nodes: readonly Node[] }) {
  const { t } = useTranslation();
  return (
    <ul className="grid gap-3">
      {nodes.map((node) => (
        <li key={node.id} className="grid gap-3 rounded-xl border bg-card p-4">
          <div className="flex items-center justify-between gap-3">
            <NodeLink node={node} />
            <StateBadge condition={node.condition} of={node.name} />
          </div>
          <dl className="grid grid-cols-2 gap-3 [&_dt]:mb-0.5 [&_dt]:text-muted-foreground [&_dt]:text-xs">
            <div>
              <dt>{t('nodes.columns.cpu')}</dt>
              <dd>
                <CpuCell node={node} />
              </dd>
            </div>
            <div>
              <dt>{t('nodes.columns.memory')}</dt>
              <dd>
                <MemoryCell node={node} />
              </dd>
            </div>
            <div>
              <dt>{t('nodes.columns.disk')}</dt>
              <dd>
                <DiskCell node={node} />
              </dd>
            </div>
            <div>
              <dt>{t('nodes.columns.seen')}</dt>
              <dd>
                <SeenCell node={node} />
              </dd>
            </div>
          </dl>
        </li>
      ))}
    </ul>
  );
}
