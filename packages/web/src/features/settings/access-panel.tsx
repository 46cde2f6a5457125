import { CircleCheck, UserRoundX, UsersRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useAccessState } from '../../api/queries.ts';
import { useRightWord } from '../../i18n/explain.ts';
import { LoadFailure } from '../../ui/notice.tsx';
import { Hint } from '../../ui/state-badge.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';

/** Who comes in without a credential, and why. */
export function AccessPanel() {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  const { data, error, refetch } = useAccessState();
  if (error && !data) return <LoadFailure error={error} title={t('settings.accessFailed')} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-32" />;
  const { reason, permissions } = data.anonymous;
  const isOpen = permissions.length > 0;
  const isWide = permissions.includes('people:write');
  const Icon = isOpen ? UserRoundX : CircleCheck;
  return (
    <Panel title={t('settings.access')}>
      <div className="grid gap-3">
        <div className="flex items-start gap-3">
          <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${isOpen ? 'text-warn' : 'text-ready'}`} />
          <div className="grid gap-1">
            <p className="font-medium">{isOpen ? t('settings.someAnonymous') : t('settings.noAnonymous')}</p>
            <p>
              <Hint text={t(`settings.anonymous.${reason}`)} />
            </p>
            {isOpen && !isWide && (
              <p className="text-muted-foreground">{t('settings.mayDo', { what: permissions.map(rightWord).join(', ') })}</p>
            )}
          </div>
        </div>
        <p className="flex items-center gap-3">
          <UsersRound aria-hidden className="size-4 shrink-0 text-muted-foreground" />
          {t('settings.people', { count: data.people })}
        </p>
      </div>
    </Panel>
  );
}
