import { lazy, Suspense } from 'react';
import { useApp } from '../api/app-context.ts';
import { useHasEnded } from '../api/session-watch.ts';

const SignInDialog = lazy(async () => ({ default: (await import('../features/people/sign-in-dialog.tsx')).SignInDialog }));

/** Asks to sign in again, over the page whose change was refused. */
export function SessionEnded() {
  const { session } = useApp();
  if (!useHasEnded(session)) return null;
  return (
    <Suspense>
      <SignInDialog onClose={session.settle} />
    </Suspense>
  );
}
