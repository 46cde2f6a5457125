import type { Person } from '@cluster-ai/contracts';
import { Ban, CircleCheck, Ellipsis, KeyRound, LogOut, type LucideIcon, Trash2, UserCog } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../../ui/menu.tsx';
import type { PersonAct } from './person-dialogs.tsx';

interface ActEntry {
  readonly act: PersonAct;
  readonly icon: LucideIcon;
}

/** Nobody signs in with an account for programs. */
const signInActs: readonly ActEntry[] = [
  { act: 'reset', icon: KeyRound },
  { act: 'signOut', icon: LogOut },
];

/** What can be done to a login. */
export function PersonMenu({ person, onAct }: { readonly person: Person; onAct(act: PersonAct): void }) {
  const { t } = useTranslation();
  const acts: readonly ActEntry[] = [
    { act: 'role', icon: UserCog },
    ...(person.kind === 'service' ? [] : signInActs),
    person.state === 'active' ? { act: 'disable', icon: Ban } : { act: 'enable', icon: CircleCheck },
    { act: 'remove', icon: Trash2 },
  ];
  return (
    <Menu>
      <MenuTrigger asChild>
        <IconButton label={t('people.actions', { name: person.name })} size="icon-small">
          <Ellipsis aria-hidden />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        {acts.map(({ act, icon: Icon }) => (
          <MenuItem key={act} className={act === 'remove' ? 'text-fail' : ''} onSelect={() => onAct(act)}>
            <Icon aria-hidden />
            {t(`people.menu.${act}`)}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
