import { Link, Outlet } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries.ts';
import { Button } from '../ui/button.tsx';
import { Navigation } from './navigation.tsx';
import { OfflineBanner } from './offline-banner.tsx';
import { SessionEnded } from './session-ended.tsx';

// Menus, their positioning and the toasts are a fourth of all code: the page is there before they are.
const ShellTools = lazy(async () => ({ default: (await import('./shell-tools.tsx')).ShellTools }));
const CommandPalette = lazy(async () => ({ default: (await import('./command-palette.tsx')).CommandPalette }));

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

function TopBar({ onSearch }: { onSearch(): void }) {
  const { t } = useTranslation();
  const { data: status } = useStatus();
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 border-b bg-card px-3 sm:px-4">
      <Link to="/" className="flex min-w-0 items-center gap-2.5 rounded-md pr-2">
        <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" className="size-6" />
        <span className="truncate font-semibold">{status?.name ?? 'Cluster AI'}</span>
      </Link>
      <div className="flex-1" />
      <Button
        size="small"
        className="hidden font-normal text-muted-foreground sm:inline-flex sm:w-56 sm:justify-start"
        onClick={onSearch}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <Search aria-hidden />
        <span className="flex-1 text-left">{t('shell.search')}</span>
        <kbd className="rounded border px-1 font-sans text-[0.6875rem]">{isMac ? '⌘K' : 'Ctrl K'}</kbd>
      </Button>
      <Button look="ghost" size="icon" aria-label={t('shell.search')} className="sm:hidden" onClick={onSearch}>
        <Search aria-hidden />
      </Button>
      <Suspense fallback={<div className="h-9 w-32 sm:w-41" />}>
        <ShellTools />
      </Suspense>
    </header>
  );
}

/** What is around every page. */
export function Shell() {
  const { t } = useTranslation();
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  useEffect(() => {
    function openPalette(event: KeyboardEvent): void {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setPaletteOpen((isOpen) => !isOpen);
    }
    window.addEventListener('keydown', openPalette);
    return () => window.removeEventListener('keydown', openPalette);
  }, []);
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-primary focus:px-3 focus:py-2 focus:text-primary-foreground"
      >
        {t('shell.skip')}
      </a>
      <TopBar onSearch={() => setPaletteOpen(true)} />
      <OfflineBanner />
      <div className="flex min-h-0 flex-1 flex-col sm:flex-row">
        <Navigation />
        <main id="main" tabIndex={-1} className="min-h-0 min-w-0 flex-1 overflow-y-auto outline-none">
          <Outlet />
        </main>
      </div>
      <SessionEnded />
      {isPaletteOpen && (
        <Suspense>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
