import type { Person } from '@cluster-ai/contracts';
import { useNavigate } from '@tanstack/react-router';
import { Bot, UserPlus, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { InviteDialog } from '../features/people/invite-dialog.tsx';
import { PersonRow } from '../features/people/person-row.tsx';
import { ServiceAccountDialog } from '../features/people/service-account-dialog.tsx';
import { type PersonActs, usePersonActs } from '../features/people/use-person-acts.tsx';
import { Button } from '../ui/button.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

interface GroupProps {
  readonly title: string;
  readonly lead: string;
  readonly logins: readonly Person[];
  readonly acts: PersonActs;
  readonly empty: ReactNode;
}

function Group({ title, lead, logins, acts, empty }: GroupProps) {
  return (
    <section className="grid gap-2">
      <header>
        <h2 className="font-semibold text-[0.9375rem]">{title}</h2>
        <p className="text-muted-foreground">{lead}</p>
      </header>
      <Card>
        {logins.length === 0 ? (
          empty
        ) : (
          <ul>
            {logins.map((person) => (
              <PersonRow key={person.id} person={person} onAct={(act) => acts.begin(person, act)} />
            ))}
          </ul>
        )}
      </Card>
    </section>
  );
}

function Logins({ people, acts }: { readonly people: readonly Person[]; readonly acts: PersonActs }) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-8">
      <Group
        title={t('people.persons')}
        lead={t('people.personsLead')}
        logins={people.filter(({ kind }) => kind === 'person')}
        acts={acts}
        empty={
          <Empty icon={<Users aria-hidden />} title={t('people.empty')}>
            {t('people.emptyText')}
          </Empty>
        }
      />
      <Group
        title={t('services.title')}
        lead={t('services.lead')}
        logins={people.filter(({ kind }) => kind === 'service')}
        acts={acts}
        empty={
          <Empty icon={<Bot aria-hidden />} title={t('services.empty')}>
            {t('services.emptyText')}
          </Empty>
        }
      />
    </div>
  );
}

/** Everybody who has a login, and the accounts of programs. */
export function PeoplePage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { data: people, error, refetch } = usePeople();
  const [adding, setAdding] = useState<'person' | 'service'>();
  const acts = usePersonActs();
  const close = () => setAdding(undefined);
  return (
    <Page
      title={t('pages.people')}
      lead={t('people.lead')}
      actions={
        may('people:write') && (
          <>
            <Button onClick={() => setAdding('service')}>
              <Bot aria-hidden />
              {t('services.add')}
            </Button>
            <Button look="primary" onClick={() => setAdding('person')}>
              <UserPlus aria-hidden />
              {t('people.invite')}
            </Button>
          </>
        )
      }
    >
      {error && !people && <LoadFailure error={error} title={t('people.listFailed')} onRetry={() => void refetch()} />}
      {!people && !error && <Skeleton className="h-48" />}
      {people && <Logins people={people} acts={acts} />}
      {adding === 'person' && (
        <InviteDialog
          isFirst={people?.length === 0}
          onClose={close}
          onMade={(link) => {
            close();
            acts.showLink(link);
          }}
        />
      )}
      {adding === 'service' && (
        <ServiceAccountDialog onClose={close} onMade={({ id }) => void navigate({ to: '/people/$personId', params: { personId: id } })} />
      )}
      {acts.dialog}
    </Page>
  );
}
