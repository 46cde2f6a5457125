import { Link, useNavigate } from '@tanstack/react-router';
import { LogOut, UserRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useMe } from '../api/queries.ts';
import { Button } from '../ui/button.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';

/** Who one is here, and the way out; the way in for whoever uses this machine without a login. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();
  const { data: me } = useMe();

  async function signOut(): Promise<void> {
    await cluster.signOut();
    await navigate({ to: '/sign-in' });
    queryClient.clear(); // the next one to sit here sees nothing of it
  }

  if (me?.kind === 'local') {
    // Until somebody has a login, whoever uses the machine may do all of this, and there is nothing to sign in to.
    if (me.permissions.includes('people:write')) return null;
    return (
      <Button asChild look="ghost" size="small" className="text-muted-foreground">
        <Link to="/sign-in">{t('access.signIn')}</Link>
      </Button>
    );
  }
  if (me?.kind !== 'person') return null;
  const name = me.person?.displayName || me.name;
  return (
    <Menu>
      <MenuTrigger asChild>
        <IconButton label={t('access.account', { name })}>
          <UserRound aria-hidden />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        <div className="border-b px-2 pt-1 pb-2">
          <p className="break-words font-medium">{name}</p>
          <p className="text-muted-foreground">{me.role && t(`roles.${me.role}`)}</p>
        </div>
        <MenuItem className="mt-1" onSelect={() => void signOut().catch(() => toast.error(t('access.signOutFailed')))}>
          <LogOut aria-hidden />
          {t('access.signOut')}
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
