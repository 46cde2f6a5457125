import type { Person } from '@cluster-ai/contracts';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { PersonChips } from '../features/people/person-chips.tsx';
import { PersonData } from '../features/people/person-data.tsx';
import { PersonKeys } from '../features/people/person-keys.tsx';
import { PersonLimits } from '../features/people/person-limits.tsx';
import { PersonMenu } from '../features/people/person-menu.tsx';
import { PersonModels } from '../features/people/person-models.tsx';
import { usePersonActs } from '../features/people/use-person-acts.tsx';
import { useFormat } from '../i18n/i18n.ts';
import { Age } from '../ui/age.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Facts, Page, Panel, Skeleton } from '../ui/surface.tsx';

function Identity({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { kind, name, email, role, createdAt, lastSignInAt } = person;
  return (
    <Panel title={t('people.login')}>
      <Facts
        facts={[
          [t('people.name'), name],
          ...(email === null ? [] : [[t('profile.email'), email] as const]),
          [t('people.role'), `${t(`roles.${role}`)}. ${t(`roleTexts.${role}`)}`],
          [t('people.since'), format.dateTime(createdAt)],
          ...(kind === 'service'
            ? []
            : [
                [
                  t('people.lastSignIn'),
                  lastSignInAt === null ? t('people.neverSignedIn') : <Age key="seen" iso={lastSignInAt} />,
                ] as const,
              ]),
        ]}
      />
    </Panel>
  );
}

function Details({ person }: { readonly person: Person }) {
  const may = useMay();
  return (
    <div className="grid gap-4">
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Identity person={person} />
        <PersonModels person={person} />
      </div>
      <PersonLimits person={person} />
      {may('keys:read') && <PersonKeys person={person} />}
      {may('people:write') && person.kind === 'person' && <PersonData person={person} />}
    </div>
  );
}

/** One person or service account: what it may do and use, its keys, and what is known of it. */
export function PersonPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { personId } = useParams({ from: '/people/$personId' });
  const { data: person, error, refetch } = usePerson(personId);
  const acts = usePersonActs(() => navigate({ to: '/people' }));
  return (
    <Page
      title={person ? person.displayName || person.name : t('pages.people')}
      lead={
        <div className="grid gap-2">
          <Link to="/people" className="inline-flex items-center gap-1.5 justify-self-start hover:underline [&_svg]:size-4">
            <ArrowLeft aria-hidden />
            {t('pages.people')}
          </Link>
          {person && (
            <span className="flex flex-wrap gap-2">
              <PersonChips person={person} />
            </span>
          )}
        </div>
      }
      actions={person && may('people:write') && <PersonMenu person={person} onAct={(act) => acts.begin(person, act)} />}
    >
      {error && !person && <LoadFailure error={error} title={t('people.oneFailed')} onRetry={() => void refetch()} />}
      {!person && !error && <Skeleton className="h-64" />}
      {person && <Details person={person} />}
      {acts.dialog}
    </Page>
  );
}
