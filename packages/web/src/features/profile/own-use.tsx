import type { Person } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useOwnUsage } from '../../api/queries.ts';
import { Panel } from '../../ui/surface.tsx';
import { GrantedModels } from '../grants/granted-models.tsx';
import { UsagePanel } from '../limits/usage-panel.tsx';
import { ExportButton } from '../people/export-button.tsx';

/** What one may use, and has used. */
export function OwnUse({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const usage = useOwnUsage();
  return (
    <>
      <UsagePanel usage={usage} />
      <Panel title={t('grants.models')}>
        <GrantedModels models={person.models} />
      </Panel>
    </>
  );
}

/** Everything that the cluster has stored about oneself. */
export function OwnData({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  return (
    <Panel title={t('privacy.ownTitle')}>
      <ExportButton name={person.name} text={t('privacy.ownText')} getData={() => cluster.exportMe()} />
    </Panel>
  );
}
