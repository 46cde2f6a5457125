import type { ModelDetails } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Panel } from '../../ui/surface.tsx';
import { ReplicaTable } from '../nodes/replica-table.tsx';

/** On which machines the model runs, copy by copy. */
export function RunningPanel({ model }: { readonly model: ModelDetails }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('models.where')}>
      {model.replicas.length === 0 ? (
        <p className="text-muted-foreground">{t('models.nowhere')}</p>
      ) : (
        <ReplicaTable
          subjectTitle={t('nodes.columns.name')}
          rows={model.replicas.map((replica) => ({
            replica,
            name: replica.node,
            subject: (
              <Link
                to="/nodes/$nodeId"
                params={{ nodeId: replica.nodeId }}
                className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
              >
                {replica.node}
              </Link>
            ),
          }))}
        />
      )}
    </Panel>
  );
}
