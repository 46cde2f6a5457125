import type { Person } from '@cluster-ai/contracts';
import { Ban, Bot, CircleCheck, Ellipsis, KeyRound, LogOut, type LucideIcon, ShieldCheck, Trash2, UserCog } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../../api/queries.ts';
import { useMay } from '../../api/use-may.ts';
import { Age } from '../../ui/age.tsx';
import { Chip } from '../../ui/chip.tsx';
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

function Actions({ person, onAct }: { readonly person: Person; onAct(act: PersonAct): void }) {
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

/** One login: who it is, what it may do, and when it was used. */
export function PersonRow({ person, onAct }: { readonly person: Person; onAct(act: PersonAct): void }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const may = useMay();
  const { kind, name, displayName, email, role, state, hasPassword, hasTotp, lastSignInAt } = person;
  const isService = kind === 'service';
  const known = [displayName === '' ? '' : name, email ?? ''].filter(Boolean).join(' · ');
  return (
    <li className="flex items-start gap-3 border-t px-4 py-3.5 first:border-t-0">
      <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)] gap-1">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <h2 className="min-w-0 font-medium [overflow-wrap:anywhere]">{displayName || name}</h2>
          <Chip>{t(`roles.${role}`)}</Chip>
          {isService && <Chip icon={<Bot aria-hidden />}>{t('people.service')}</Chip>}
          {person.id === me?.person?.id && <Chip>{t('people.you')}</Chip>}
          {state === 'disabled' && (
            <Chip tone="over" icon={<Ban aria-hidden />}>
              {t('people.disabled')}
            </Chip>
          )}
          {!hasPassword && !isService && state === 'active' && <Chip tone="over">{t('people.noPassword')}</Chip>}
          {hasTotp && (
            <Chip tone="good" icon={<ShieldCheck aria-hidden />}>
              {t('people.hasCodes')}
            </Chip>
          )}
        </div>
        {known !== '' && <p className="text-muted-foreground [overflow-wrap:anywhere]">{known}</p>}
        {!isService && (
          <p className="text-muted-foreground text-xs">
            {lastSignInAt === null ? (
              t('people.neverSignedIn')
            ) : (
              <>
                {t('people.lastSignIn')} <Age iso={lastSignInAt} />
              </>
            )}
          </p>
        )}
      </div>
      {may('people:write') && <Actions person={person} onAct={onAct} />}
    </li>
  );
}
