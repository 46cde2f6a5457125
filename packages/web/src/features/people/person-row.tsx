import { limitNames, type Person } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/use-may.ts';
import { Age } from '../../ui/age.tsx';
import { PersonChips } from './person-chips.tsx';
import type { PersonAct } from './person-dialogs.tsx';
import { PersonMenu } from './person-menu.tsx';

/** When somebody signed in last, which models and how much may be used: what an admin looks for in a list. */
function Particulars({ person: { kind, lastSignInAt, models, limits } }: { readonly person: Person }) {
  const { t } = useTranslation();
  const isLimited = limitNames.some((name) => limits[name] !== undefined);
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-0.5 text-muted-foreground text-xs">
      {kind === 'person' && (
        <li>
          {lastSignInAt === null ? (
            t('people.neverSignedIn')
          ) : (
            <>
              {t('people.lastSignIn')} <Age iso={lastSignInAt} />
            </>
          )}
        </li>
      )}
      {models !== null && (
        <li className="[overflow-wrap:anywhere]">
          {models.length === 0 ? t('grants.none') : t('grants.only', { models: models.join(', ') })}
        </li>
      )}
      {isLimited && <li>{t('limits.some')}</li>}
    </ul>
  );
}

/** One login: who it is, what it may do, and when it was used. */
export function PersonRow({ person, onAct }: { readonly person: Person; onAct(act: PersonAct): void }) {
  const may = useMay();
  const { id, name, displayName, email } = person;
  const known = [displayName === '' ? '' : name, email ?? ''].filter(Boolean).join(' · ');
  return (
    <li className="flex items-start gap-3 border-t px-4 py-3.5 first:border-t-0">
      <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)] gap-1">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <h3 className="min-w-0 font-medium [overflow-wrap:anywhere]">
            <Link
              to="/people/$personId"
              params={{ personId: id }}
              className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
            >
              {displayName || name}
            </Link>
          </h3>
          <PersonChips person={person} />
        </div>
        {known !== '' && <p className="text-muted-foreground [overflow-wrap:anywhere]">{known}</p>}
        <Particulars person={person} />
      </div>
      {may('people:write') && <PersonMenu person={person} onAct={onAct} />}
    </li>
  );
}
