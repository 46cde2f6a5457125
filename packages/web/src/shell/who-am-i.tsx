import { Link, useNavigate } from '@tanstack/react-router';
import { LogIn, LogOut } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useMe } from '../api/queries.ts';
import { useExplainError } from '../i18n/explain.ts';
import { Button } from '../ui/button.tsx';

/** Who is signed in, and the way in or out. */
export function WhoAmI() {
  const { t } = useTranslation();
  const { cluster, queryClient, live } = useApp();
  const { data: me, isError } = useMe();
  const navigate = useNavigate();
  const explain = useExplainError();

  async function signOut(): Promise<void> {
    try {
      await cluster.signOut();
      await queryClient.resetQueries();
      live.retry();
      await navigate({ to: '/sign-in' });
    } catch (error) {
      toast.error(explain(error).message);
    }
  }

  if (me?.person)
    return (
      <Button look="ghost" size="small" onClick={() => void signOut()}>
        <LogOut aria-hidden />
        <span className="max-w-24 truncate">{t('people.signOut', { name: me.person.displayName || me.person.name })}</span>
      </Button>
    );
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
