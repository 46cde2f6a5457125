import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '../ui/cn.ts';
import { type Destination, useDestinations } from './destinations.ts';

const MoreMenu = lazy(async () => ({ default: (await import('./more-menu.tsx')).MoreMenu }));

function Entry({ destination: { to, key, icon: Icon }, className }: { readonly destination: Destination; readonly className?: string }) {
  const { t } = useTranslation();
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/' }}
      activeProps={{ className: 'text-accent-foreground sm:bg-accent' }}
      inactiveProps={{ className: 'text-muted-foreground hover:text-foreground sm:hover:bg-muted' }}
      className={cn(
        'flex min-h-13 flex-1 flex-col items-center justify-center gap-0.5 rounded-md font-medium -outline-offset-2 sm:min-h-10 sm:flex-none sm:flex-row sm:gap-3 rail:justify-start rail:px-3',
        className,
      )}
    >
      <Icon aria-hidden className="size-5 sm:size-4.5" />
      <span className="text-[0.6875rem] sm:sr-only rail:not-sr-only rail:text-sm">{t(`pages.${key}`)}</span>
    </Link>
  );
}

/** Rail on wide pages, icons on narrower ones; on a phone a bar at the bottom with the daily pages, and the others behind a button. */
export function Navigation() {
  const { t } = useTranslation();
  const all = useDestinations();
  const work = all.filter(({ group }) => group === 'work');
  const access = all.filter(({ group }) => group === 'access');
  return (
    <nav
      aria-label={t('shell.navigation')}
      className="order-last flex border-t bg-card sm:order-none sm:w-14 sm:flex-col sm:gap-1 sm:border-t-0 sm:border-r sm:px-2 sm:py-3 rail:w-52"
    >
      {work.map((destination) => (
        <Entry key={destination.to} destination={destination} />
      ))}
      {access.length > 0 && (
        <>
          <hr className="my-2 hidden sm:block" />
          {access.map((destination) => (
            <Entry key={destination.to} destination={destination} className="hidden sm:flex" />
          ))}
          <Suspense fallback={<span className="flex-1 sm:hidden" />}>
            <MoreMenu destinations={access} />
          </Suspense>
        </>
      )}
    </nav>
  );
}
