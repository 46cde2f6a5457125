import type { Session } from '@cluster-ai/contracts';
import { Monitor, TerminalSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useSessions } from '../../api/queries.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { ErrorNotice, LoadFailure } from '../../ui/notice.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';
import { nameProgram } from './name-program.ts';

function SessionRow({ session, onEnd }: { readonly session: Session; onEnd(): void }) {
  const { t } = useTranslation();
  const Icon = session.kind === 'browser' ? Monitor : TerminalSquare;
  const name = nameProgram(session.program) || t('common.unknown');
  return (
    <li className="flex items-center gap-3 border-t py-2.5 first:border-t-0">
      <Icon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 break-words" title={session.program}>
            {name}
          </span>
          {session.isCurrent && <Chip tone="good">{t('profile.thisSession')}</Chip>}
          {session.kind === 'tokens' && <Chip>{t('profile.tokens')}</Chip>}
        </p>
        <p className="text-muted-foreground text-xs">
          {session.address} · {t('profile.lastSeen')} <Age iso={session.lastSeenAt} />
        </p>
      </div>
      {!session.isCurrent && (
        <Button size="small" onClick={onEnd}>
          {t('profile.endSession')}
          <span className="sr-only">{name}</span>
        </Button>
      )}
    </li>
  );
}

/** Where one is signed in. */
export function Sessions() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { data: sessions, error: loadError, refetch } = useSessions();
  const { isBusy, error, run } = useAction();
  const others = sessions?.filter(({ isCurrent }) => !isCurrent) ?? [];

  async function end(ended: readonly Session[]): Promise<void> {
    for (const { id } of ended) await cluster.endSession(id);
    await queryClient.invalidateQueries({ queryKey: ['sessions'] });
    toast.success(t('profile.sessionsEnded', { count: ended.length }));
  }

  return (
    <Panel
      title={t('profile.sessions')}
      actions={
        others.length > 0 && (
          <Button size="small" disabled={isBusy} onClick={() => void run(() => end(others))}>
            {t('profile.endOthers')}
          </Button>
        )
      }
    >
      {error !== undefined && <ErrorNotice error={error} />}
      {loadError && !sessions && <LoadFailure error={loadError} title={t('profile.sessionsFailed')} onRetry={() => void refetch()} />}
      {!sessions && !loadError && <Skeleton className="h-16" />}
      {sessions && (
        <ul>
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} onEnd={() => void run(() => end([session]))} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
