import { Outlet, useMatches } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Shell } from './shell.tsx';

const Preferences = lazy(async () => ({ default: (await import('./preferences.tsx')).Preferences }));

/** Pages for whoever has not signed in: they ask the cluster for nothing. */
const outside: ReadonlySet<string> = new Set(['/sign-in', '/setup', '/invitation', '/password']);

function Doorstep() {
  return (
    <div className="flex h-dvh flex-col">
      <header className="flex h-13 shrink-0 items-center gap-2.5 px-3 sm:px-4">
        <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" className="size-6" />
        <span className="flex-1 font-semibold">Cluster AI</span>
        <Suspense fallback={<div className="h-9" />}>
          <Preferences />
        </Suspense>
      </header>
      <main id="main" className="flex min-h-0 flex-1 flex-col items-center overflow-y-auto px-4 py-6 sm:py-16">
        <Outlet />
      </main>
    </div>
  );
}

/** What is around every page: the shell, and less than that before one has signed in. */
export function Frame() {
  const isOutside = useMatches({ select: (matches) => outside.has(matches.at(-1)?.routeId ?? '') });
  return isOutside ? <Doorstep /> : <Shell />;
}
