import { useTranslation } from 'react-i18next';
import { useConfig, useStatus } from '../../api/queries.ts';
import { InfoNotice, LoadFailure } from '../../ui/notice.tsx';
import { Hint } from '../../ui/state-badge.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { flattenConfig } from './flatten-config.ts';

/** What is in force, and where it is changed. */
export function ConfigPanel() {
  const { t } = useTranslation();
  const { data: status } = useStatus();
  const { data: config, error, refetch } = useConfig();
  if (error && !config) return <LoadFailure error={error} title={t('settings.configFailed')} onRetry={() => void refetch()} />;
  if (!config) return <Skeleton className="h-64" />;
  return (
    <Panel title={t('settings.config')}>
      <div className="grid gap-4">
        <InfoNotice>
          <p>
            <Hint text={t('settings.change', { path: `${status?.data_folder ?? '…'}/cluster.yaml` })} />
          </p>
        </InfoNotice>
        <div className="gap-x-8 lg:columns-2">
          {flattenConfig(config).map(({ name, settings }) => (
            <section key={name} className="mb-5 break-inside-avoid">
              <h3 className="mb-1 font-medium">
                {name === '' ? t('settings.general') : <code className="font-mono text-[0.8125rem]">{name}</code>}
              </h3>
              <dl>
                {settings.map(({ key, value }) => (
                  <div key={key} className="flex flex-wrap justify-between gap-x-4 border-t py-1">
                    <dt className="font-mono text-muted-foreground text-xs leading-5">{key}</dt>
                    <dd className="min-w-0 break-all font-mono text-xs leading-5">{value === '' ? t('settings.empty') : value}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </Panel>
  );
}
