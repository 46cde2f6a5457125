import type { Node } from '@cluster-ai/contracts';
import { Hourglass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';

export const isWaiting = ({ condition }: Node): boolean => condition.reason === 'awaiting_approval';

function WaitingNode({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const may = useMay();
  const { isBusy, error, run } = useAction();
  const { name } = node;

  async function approve(): Promise<void> {
    await cluster.approveNode(node.id);
    await queryClient.invalidateQueries({ queryKey: ['nodes'] });
    toast.success(t('nodes.approved', { name }));
  }

  return (
    <Card className="grid gap-3 p-4">
      <div className="flex flex-wrap items-center gap-3">
        <Hourglass aria-hidden className="size-4 shrink-0 text-busy" />
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="font-medium [overflow-wrap:anywhere]">{t('nodes.waiting', { name })}</h2>
          <p className="text-muted-foreground">{t('nodes.waitingText', { address: node.address || t('common.unknown') })}</p>
        </div>
        {may('nodes:write') && (
          <Button look="primary" disabled={isBusy} onClick={() => void run(approve)}>
            {t('nodes.approve')} <span className="sr-only">{name}</span>
          </Button>
        )}
      </div>
      {error !== undefined && <ErrorNotice error={error} />}
    </Card>
  );
}

/** Machines that joined and that nobody has let in yet. Nothing where there are none. */
export function WaitingNodes({ nodes }: { readonly nodes: readonly Node[] }) {
  return (
    <div className="grid gap-3 empty:hidden">
      {nodes.filter(isWaiting).map((node) => (
        <WaitingNode key={node.id} node={node} />
      ))}
    </div>
  );
}
