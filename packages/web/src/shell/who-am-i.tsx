import { isClusterError } from '@cluster-ai/contracts';
import { Link, useNavigate } from '@tanstack/react-router';
import { LogIn, LogOut, UserRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useMe } from '../api/queries.ts';
import { useExplainError } from '../i18n/explain.ts';
import { Button } from '../ui/button.tsx';

/** Who is signed in, and the way in or out. */
export function WhoAmI() {
  const { t } = useTranslation();
  const { cluster, queryClient, live, session } = useApp();
  const { data: me, isError } = useMe();
  const navigate = useNavigate();
  const explain = useExplainError();

  async function signOut(): Promise<void> {
    try {
      await cluster.signOut();
    } catch (error) {
      session.settle();
      if (!isClusterError(error) || error.status !== 401) return void toast.error(explain(error).message); // 401: it has ended already
    }
    await queryClient.resetQueries();
    live.retry();
    await navigate({ to: '/sign-in' });
  }

  if (me?.person) {
    const name = me.person.displayName || me.person.name;
    return (
      <>
        <Button asChild look="ghost" size="small" className="px-2">
          <Link to="/profile" aria-label={t('people.profileOf', { name })}>
            <UserRound aria-hidden />
            <span className="hidden max-w-32 truncate sm:inline">{name}</span>
          </Link>
        </Button>
        <Button
          look="ghost"
          size="icon"
          aria-label={t('people.signOut', { name })}
          title={t('people.signOut', { name })}
          onClick={() => void signOut()}
        >
          <LogOut aria-hidden />
        </Button>
      </>
    );
  }
  const isUnknown = me === undefined && !isError;
  if (isUnknown) return null;
  return (
    <Button asChild look="ghost" size="small">
      <Link to="/sign-in">
        <LogIn aria-hidden />
        {t('people.signIn')}
      </Link>
    </Button>
  );
}
