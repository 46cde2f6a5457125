import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { useFormat } from '../i18n/i18n.ts';
import { useLiveState } from '../live/live.ts';
import { toFreshness } from '../live/live-state.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Popover, PopoverContent, PopoverTrigger } from '../ui/popover.tsx';
import { useNow } from '../ui/use-now.ts';
import { AccountMenu } from './account-menu.tsx';
import { Preferences } from './preferences.tsx';

const colors = { live: 'bg-ready', late: 'bg-warn', connecting: 'bg-busy', offline: 'bg-fail' } as const;

/** Whether what the page shows is current, and else how old it is. */
function ConnectionDot() {
  const { t } = useTranslation();
  const { live } = useApp();
  const format = useFormat();
  const { kind, ageMs } = toFreshness(useLiveState(live), useNow());
  const age = format.distance(-ageMs);
  const text = kind === 'late' ? age : t(`connection.${kind}`);
  return (
    <Popover>
      <PopoverTrigger
        className="flex h-8 items-center gap-2 rounded-md px-2 text-muted-foreground hover:bg-muted"
        aria-label={t('connection.label', { state: text })}
      >
        <span aria-hidden className={cn('size-2 rounded-full', colors[kind])} />
        <span className="tabular hidden whitespace-nowrap sm:inline">{text}</span>
      </PopoverTrigger>
      <PopoverContent align="end" aria-label={t('connection.title')}>
        <p className="font-medium">{text}</p>
        <p className="mt-1 text-muted-foreground">{t(`connection.${kind}Text`)}</p>
        {kind === 'offline' && (
          <Button size="small" className="mt-3" onClick={() => live.retry()}>
            {t('common.retry')}
          </Button>
        )}
      </PopoverContent>
    </Popover>
  );
}

/** The right end of the top bar. */
export function ShellTools() {
  return (
    <>
      <ConnectionDot />
      <Preferences />
      <AccountMenu />
    </>
  );
}
