import type { Node } from '@cluster-ai/contracts';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft, Server } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useNodes } from '../api/queries.ts';
import { CpuCell, DiskCell, GpuCell, MemoryCell, RateCell, SeenCell } from '../features/nodes/node-columns.tsx';
import { ModelLink, ReplicaTable } from '../features/nodes/replica-table.tsx';
import { isWaiting, WaitingNodes } from '../features/nodes/waiting-nodes.tsx';
import { WeightsPanel } from '../features/nodes/weights-panel.tsx';
import { useFormat } from '../i18n/i18n.ts';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Reason, StateBadge } from '../ui/state-badge.tsx';
import { Card, Empty, Facts, Page, Panel, Skeleton } from '../ui/surface.tsx';

function Load({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('nodes.load')}>
      <Facts
        facts={[
          [t('nodes.columns.cpu'), <CpuCell key="cpu" node={node} />],
          [t('nodes.columns.memory'), <MemoryCell key="memory" node={node} />],
          [t('nodes.columns.gpu'), <GpuCell key="gpu" node={node} />],
          [t('nodes.columns.disk'), <DiskCell key="disk" node={node} />],
          [t('nodes.columns.rate'), <RateCell key="rate" node={node} />],
        ]}
      />
      {node.condition.state !== 'ready' && node.metricsAt && (
        <p className="mt-3 text-muted-foreground text-xs">
          {t('nodes.lastKnown')} <Age iso={node.metricsAt} />
        </p>
      )}
    </Panel>
  );
}

function Hardware({ node: { hardware } }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Panel title={t('nodes.hardware')}>
      {hardware ? (
        <Facts
          facts={[
            [t('nodes.facts.hostname'), hardware.hostname],
            [t('nodes.facts.os'), `${hardware.osName} (${hardware.platform} ${hardware.arch})`],
            [t('nodes.facts.cpu'), `${hardware.cpuModel}, ${t('nodes.facts.cores', { count: hardware.cpuCores })}`],
            [t('nodes.facts.memory'), format.memory(hardware.memoryBytes)],
            [
              t('nodes.facts.gpu'),
              hardware.gpus.length === 0
                ? t('nodes.noGpu')
                : hardware.gpus.map((gpu) => `${gpu.name} (${format.memory(gpu.memoryBytes)})`).join(', '),
            ],
            [t('nodes.facts.disk'), format.bytes(hardware.diskTotalBytes)],
          ]}
        />
      ) : (
        <p className="text-muted-foreground">{t('common.unknown')}</p>
      )}
    </Panel>
  );
}

function Identity({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Panel title={t('nodes.identity')}>
      <Facts
        facts={[
          [t('nodes.facts.address'), node.address || t('common.unknown')],
          [t('nodes.facts.lastSeen'), <SeenCell key="seen" node={node} />],
          [t('nodes.facts.roundTrip'), node.roundTripMs === null ? t('common.unknown') : format.duration(node.roundTripMs)],
          [t('nodes.facts.joined'), format.dateTime(node.joinedAt)],
          [
            t('nodes.facts.certificate'),
            node.certificateExpiresAt === null ? t('common.unknown') : format.dateTime(node.certificateExpiresAt),
          ],
          [t('nodes.facts.agent'), node.agentVersion || t('common.unknown')],
          [t('nodes.facts.agentMemory'), node.metrics ? format.memory(node.metrics.agentMemoryBytes) : t('common.unknown')],
          [
            t('nodes.facts.id'),
            <code key="id" className="font-mono text-xs">
              {node.id}
            </code>,
          ],
        ]}
      />
    </Panel>
  );
}

function DangerZone({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  async function remove(): Promise<void> {
    await cluster.removeNode(node.id);
    await queryClient.invalidateQueries({ queryKey: ['nodes'] });
    toast.success(t('nodes.removed', { name: node.name }));
    await navigate({ to: '/nodes' });
  }
  return (
    <Panel title={t('nodes.danger')}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-muted-foreground">{node.isLocal ? t('nodes.localNoRemove') : t('nodes.removeText')}</p>
        {!node.isLocal && (
          <Button look="danger" onClick={() => setOpen(true)}>
            {t('nodes.remove')}
          </Button>
        )}
      </div>
      {isOpen && (
        <Confirm
          name={node.name}
          title={t('nodes.remove')}
          description={t('nodes.removeText')}
          action={t('nodes.remove')}
          onClose={() => setOpen(false)}
          onConfirm={remove}
        />
      )}
    </Panel>
  );
}

function NodeDetails({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  return (
    <Page
      title={node.name}
      lead={
        <span className="flex flex-wrap items-center gap-3">
          <StateBadge condition={node.condition} of={node.name} />
          {node.isLocal && <span>{t('nodes.local')}</span>}
        </span>
      }
      actions={<BackToNodes />}
    >
      <div className="grid gap-4">
        <WaitingNodes nodes={[node]} />
        {node.condition.state !== 'ready' && !isWaiting(node) && (
          <Card className="p-4">
            <Reason condition={node.condition} />
          </Card>
        )}
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Load node={node} />
          <Hardware node={node} />
        </div>
        <Panel title={t('nodes.replicas')}>
          {node.replicas.length === 0 ? (
            <p className="text-muted-foreground">{t('nodes.noReplicas')}</p>
          ) : (
            <ReplicaTable
              subjectTitle={t('nodes.replica.model')}
              rows={node.replicas.map((replica) => ({ replica, name: replica.model, subject: <ModelLink reference={replica.model} /> }))}
            />
          )}
        </Panel>
        {node.weights && <WeightsPanel weights={node.weights} />}
        <Identity node={node} />
        <DangerZone node={node} />
      </div>
    </Page>
  );
}

function BackToNodes() {
  const { t } = useTranslation();
  return (
    <Button asChild look="ghost">
      <Link to="/nodes">
        <ArrowLeft aria-hidden />
        {t('pages.nodes')}
      </Link>
    </Button>
  );
}

export function NodePage() {
  const { t } = useTranslation();
  const { nodeId } = useParams({ from: '/nodes/$nodeId' });
  const { data: nodes, error, refetch } = useNodes();
  const node = nodes?.find((candidate) => candidate.id === nodeId || candidate.name === nodeId);
  if (node) return <NodeDetails node={node} />;
  return (
    <Page title={t('pages.nodes')} actions={<BackToNodes />}>
      {error && !nodes && <LoadFailure error={error} title={t('nodes.listFailed')} onRetry={() => void refetch()} />}
      {!nodes && !error && <Skeleton className="h-48" />}
      {nodes && <Empty icon={<Server aria-hidden />} title={t('nodes.missing')} />}
    </Page>
  );
}
