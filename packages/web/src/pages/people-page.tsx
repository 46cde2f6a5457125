import type { Person } from '@cluster-ai/contracts';
import { UserPlus, Users } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { InviteDialog } from '../features/people/invite-dialog.tsx';
import { OneUseLinkDialog, type ShownLink } from '../features/people/one-use-link.tsx';
import { type PersonAct, PersonDialog } from '../features/people/person-dialogs.tsx';
import { PersonRow } from '../features/people/person-row.tsx';
import { Button } from '../ui/button.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

/** Which window is over the page. */
type Step =
  | { readonly kind: 'invite' }
  | { readonly kind: 'act'; readonly person: Person; readonly act: PersonAct }
  | { readonly kind: 'link'; readonly link: ShownLink };

/** Everybody who has a login. */
export function PeoplePage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: people, error, refetch } = usePeople();
  const [step, setStep] = useState<Step>();
  const close = () => setStep(undefined);
  // A link that was made stays open when the dialog that made it closes itself.
  const closeAct = () => setStep((now) => (now?.kind === 'act' ? undefined : now));
  const showLink = (link: ShownLink) => setStep({ kind: 'link', link });
  return (
    <Page
      title={t('pages.people')}
      lead={t('people.lead')}
      actions={
        may('people:write') && (
          <Button look="primary" onClick={() => setStep({ kind: 'invite' })}>
            <UserPlus aria-hidden />
            {t('people.invite')}
          </Button>
        )
      }
    >
      {error && !people && <LoadFailure error={error} title={t('people.listFailed')} onRetry={() => void refetch()} />}
      {!people && !error && <Skeleton className="h-48" />}
      {people && (
        <Card>
          {people.length === 0 ? (
            <Empty icon={<Users aria-hidden />} title={t('people.empty')}>
              {t('people.emptyText')}
            </Empty>
          ) : (
            <ul>
              {people.map((person) => (
                <PersonRow key={person.id} person={person} onAct={(act) => setStep({ kind: 'act', person, act })} />
              ))}
            </ul>
          )}
        </Card>
      )}
      {step?.kind === 'invite' && <InviteDialog isFirst={people?.length === 0} onClose={close} onMade={showLink} />}
      {step?.kind === 'act' && <PersonDialog person={step.person} act={step.act} onClose={closeAct} onLink={showLink} />}
      {step?.kind === 'link' && <OneUseLinkDialog {...step.link} onClose={close} />}
    </Page>
  );
}
