import { isClusterError } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { useMe } from '../api/queries.ts';
import { useFormat } from '../i18n/i18n.ts';
import { useLiveState } from '../live/live.ts';
import { toFreshness } from '../live/live-state.ts';
import { Button } from '../ui/button.tsx';
import { useNow } from '../ui/use-now.ts';

/** Says on every page that its data are old, and how old; or that nothing is shown before somebody signs in. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const { live } = useApp();
  const format = useFormat();
  const state = useLiveState(live);
  const now = useNow();
  const { error } = useMe();
  if (state.phase !== 'offline') return null;
  if (isClusterError(error) && error.status === 401)
    return (
      <p role="status" className="border-warn/40 border-b bg-warn/10 px-4 py-2">
        <Link to="/sign-in" className="underline">
          {t('people.signInFirst')}
        </Link>
      </p>
    );
  const { ageMs } = toFreshness(state, now);
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-warn/40 border-b bg-warn/10 px-4 py-2">
      <p className="flex-1">
        {state.lastActivityAt === undefined ? t('connection.neverBanner') : t('connection.banner', { age: format.distance(-ageMs) })}
      </p>
      <Button size="small" onClick={() => live.retry()}>
        {t('common.retry')}
      </Button>
    </div>
  );
}
