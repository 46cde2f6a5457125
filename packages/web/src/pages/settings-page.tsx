import { useTranslation } from 'react-i18next';
import { useConfig, useStatus } from '../api/queries.ts';
import { AccessPanel } from '../features/settings/access-panel.tsx';
import { ConfigPanel } from '../features/settings/config-panel.tsx';
import { ListenersPanel } from '../features/settings/listeners-panel.tsx';
import { findMissingRight } from '../i18n/explain.ts';
import { useFormat } from '../i18n/i18n.ts';
import { Refusal } from '../ui/refusal.tsx';
import { Facts, Page, Panel } from '../ui/surface.tsx';

function About() {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: status } = useStatus();
  if (!status) return null;
  return (
    <Panel title={t('settings.about')}>
      <Facts
        facts={[
          [t('settings.name'), status.name],
          [t('settings.version'), status.version],
          [t('settings.started'), format.dateTime(status.started_at)],
          [
            t('settings.dataFolder'),
            <code key="folder" className="break-all font-mono text-xs">
              {status.data_folder}
            </code>,
          ],
        ]}
      />
    </Panel>
  );
}

/** Who can reach the cluster, and what is in force. */
export function SettingsPage() {
  const { t } = useTranslation();
  const missing = findMissingRight(useConfig().error);
  return (
    <Page title={t('pages.settings')} lead={t('settings.lead')}>
      {missing ? (
        <Refusal {...missing} />
      ) : (
        <div className="grid gap-4">
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <AccessPanel />
            <ListenersPanel />
          </div>
          <ConfigPanel />
          <About />
        </div>
      )}
    </Page>
  );
}
