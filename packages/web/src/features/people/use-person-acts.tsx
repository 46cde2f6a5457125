import type { Person } from '@cluster-ai/contracts';
import { type ReactNode, useState } from 'react';
import { OneUseLinkDialog, type ShownLink } from './one-use-link.tsx';
import { type PersonAct, PersonDialog } from './person-dialogs.tsx';

type Step =
  | { readonly kind: 'act'; readonly person: Person; readonly act: PersonAct }
  | { readonly kind: 'link'; readonly link: ShownLink };

export interface PersonActs {
  /** The window over the page, where one is open. */
  readonly dialog: ReactNode;
  begin(person: Person, act: PersonAct): void;
  /** Shows a link that was made, once. */
  showLink(link: ShownLink): void;
}

/** What is done to logins, and the windows for that. `onGone`: the one that the page is about was removed. */
export function usePersonActs(onGone?: () => Promise<void>): PersonActs {
  const [step, setStep] = useState<Step>();
  const showLink = (link: ShownLink) => setStep({ kind: 'link', link });
  // A link that was made stays open when the dialog that made it closes itself.
  const closeAct = () => setStep((now) => (now?.kind === 'act' ? undefined : now));
  return {
    showLink,
    begin: (person, act) => setStep({ kind: 'act', person, act }),
    dialog: (
      <>
        {step?.kind === 'act' && (
          <PersonDialog
            person={step.person}
            act={step.act}
            onClose={closeAct}
            onLink={showLink}
            {...(onGone === undefined ? {} : { onGone })}
          />
        )}
        {step?.kind === 'link' && <OneUseLinkDialog {...step.link} onClose={() => setStep(undefined)} />}
      </>
    ),
  };
}
