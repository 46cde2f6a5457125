import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { useFormat } from '../i18n/i18n.ts';
import { useLiveState } from '../live/live.ts';
import { toFreshness } from '../live/live-state.ts';
import { Button } from '../ui/button.tsx';
import { useNow } from '../ui/use-now.ts';

/** Says on every page that its data are old, and how old. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const { live } = useApp();
  const format = useFormat();
  const state = useLiveState(live);
  const now = useNow();
  if (state.phase !== 'offline') return null;
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
