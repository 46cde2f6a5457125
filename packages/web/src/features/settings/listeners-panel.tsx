import { useTranslation } from 'react-i18next';
import { useStatus } from '../../api/queries.ts';
import { LoadFailure } from '../../ui/notice.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { isLoopback } from './is-loopback.ts';

/** Where the cluster listens, and who can reach it there. */
export function ListenersPanel() {
  const { t } = useTranslation();
  const { data: status, error, refetch } = useStatus();
  if (error && !status) return <LoadFailure error={error} title={t('settings.statusFailed')} onRetry={() => void refetch()} />;
  if (!status) return <Skeleton className="h-32" />;
  const known: Readonly<Record<string, string>> = {
    main: t('settings.listeners.main'),
    ollama: t('settings.listeners.ollama'),
    registry: t('settings.listeners.registry'),
    link: t('settings.listeners.link'),
  };
  return (
    <Panel title={t('settings.addresses')}>
      <ul>
        {status.listeners.map(({ name, address, condition }) => (
          <li key={name} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t py-2.5 first:border-t-0">
            <div className="min-w-0 flex-1 basis-64">
              <p className="font-medium">
                {name} <span className="font-normal text-muted-foreground">{known[name]}</span>
              </p>
              <p className="flex flex-wrap gap-x-2">
                <code className="break-all font-mono text-xs">{address}</code>
                <span className="text-muted-foreground text-xs">{isLoopback(address) ? t('settings.loopback') : t('settings.beyond')}</span>
              </p>
            </div>
            <StateBadge condition={condition} of={name} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
