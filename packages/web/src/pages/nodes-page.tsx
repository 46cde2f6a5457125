import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, Server } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useNodes } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { AddMachineDialog } from '../features/nodes/add-machine-dialog.tsx';
import { NodeCards, NodeTable } from '../features/nodes/node-table.tsx';
import { WaitingNodes } from '../features/nodes/waiting-nodes.tsx';
import { Button } from '../ui/button.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

export function NodesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const { add = false } = useSearch({ from: '/nodes' });
  const { data: nodes, error, refetch } = useNodes();
  const openDialog = () => void navigate({ to: '/nodes', search: { add: true } });
  return (
    <Page
      title={t('pages.nodes')}
      actions={
        may('nodes:write') && (
          <Button look="primary" onClick={openDialog}>
            <Plus aria-hidden />
            {t('nodes.add')}
          </Button>
        )
      }
    >
      {error && !nodes && <LoadFailure error={error} title={t('nodes.listFailed')} onRetry={() => void refetch()} />}
      {!nodes && !error && <Skeleton className="h-48" />}
      {nodes?.length === 0 && (
        <Card>
          <Empty icon={<Server aria-hidden />} title={t('nodes.empty')}>
            {t('nodes.emptyText')}
          </Empty>
        </Card>
      )}
      {nodes && nodes.length > 0 && (
        <div className="grid gap-4">
          <WaitingNodes nodes={nodes} />
          <Card className="hidden overflow-x-auto lg:block">
            <NodeTable nodes={nodes} />
          </Card>
          <div className="lg:hidden">
            <NodeCards nodes={nodes} />
          </div>
        </div>
      )}
      <AddMachineDialog isOpen={add} onClose={() => void navigate({ to: '/nodes', search: {} })} />
    </Page>
  );
}
