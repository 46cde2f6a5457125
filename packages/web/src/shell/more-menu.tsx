import { Link } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';
import type { Destination } from './destinations.ts';

/** On a phone: the pages for which the bar has no room. */
export function MoreMenu({ destinations }: { readonly destinations: readonly Destination[] }) {
  const { t } = useTranslation();
  return (
    <Menu>
      <MenuTrigger className="flex min-h-13 flex-1 flex-col items-center justify-center gap-0.5 rounded-md font-medium text-muted-foreground -outline-offset-2 sm:hidden">
        <Ellipsis aria-hidden className="size-5" />
        <span className="text-[0.6875rem]">{t('shell.more')}</span>
      </MenuTrigger>
      <MenuContent side="top">
        {destinations.map(({ to, key, icon: Icon }) => (
          <MenuItem key={to} asChild className="min-h-11 px-3">
            <Link to={to}>
              <Icon aria-hidden />
              {t(`pages.${key}`)}
            </Link>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
