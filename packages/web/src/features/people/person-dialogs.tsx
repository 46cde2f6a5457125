import type { Person, Role } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useLanguage } from '../../i18n/i18n.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import type { ShownLink } from './one-use-link.tsx';
import { RoleChoice } from './role-choice.tsx';

export type PersonAct = 'role' | 'reset' | 'signOut' | 'disable' | 'enable' | 'remove';

interface PersonDialogProps {
  readonly person: Person;
  onClose(): void;
}

function RoleDialog({ person, onClose, onDone }: PersonDialogProps & { onDone(): Promise<void> }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [role, setRole] = useState<Role>(person.role);

  async function save(): Promise<void> {
    await cluster.updatePerson(person.id, { role });
    await onDone();
    onClose();
  }

  return (
    <FormDialog
      title={t('people.changeRole', { name: person.name })}
      description={t('people.changeRoleText')}
      action={t('common.save')}
      isReady={role !== person.role}
      onClose={onClose}
      onSubmit={save}
    >
      <RoleChoice role={role} onChoose={setRole} />
    </FormDialog>
  );
}

/** Does one thing to somebody's login, after asking; what the server refuses is said in the dialog. */
export function PersonDialog({
  person,
  act,
  onClose,
  onLink,
  onGone = async () => {},
}: PersonDialogProps & { readonly act: PersonAct; onLink(link: ShownLink): void; onGone?(): Promise<void> }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { cluster, queryClient } = useApp();
  const { id, name, kind } = person;

  // One's own role may have changed, and with it what one may see.
  const refresh = async () =>
    void (await Promise.all(['people', 'me', 'access'].map((key) => queryClient.invalidateQueries({ queryKey: [key] }))));

  if (act === 'role') return <RoleDialog person={person} onClose={onClose} onDone={refresh} />;

  const acts: Readonly<Record<typeof act, () => Promise<unknown>>> = {
    reset: async () =>
      onLink({
        title: t('people.resetDone', { name }),
        text: t('people.resetDoneText'),
        link: await cluster.resetPassword(id, { language }),
      }),
    signOut: () => cluster.endSessionsOf(id),
    disable: () => cluster.updatePerson(id, { state: 'disabled' }),
    enable: () => cluster.updatePerson(id, { state: 'active' }),
    remove: () => cluster.removePerson(id),
  };

  // Nobody signs in with an account for programs: its keys are what ends.
  const describe = (one: typeof act) =>
    kind === 'service' && one !== 'reset' && one !== 'signOut' ? t(`services.actTexts.${one}`) : t(`people.actTexts.${one}`);

  async function confirm(): Promise<void> {
    await acts[act as keyof typeof acts]();
    if (act === 'remove') await onGone(); // before anything is asked anew: what is gone would be asked for too
    await refresh();
    if (act !== 'reset') toast.success(t(`people.done.${act as Exclude<PersonAct, 'role' | 'reset'>}`, { name }));
  }

  return (
    <Confirm
      {...(act === 'remove' ? { name } : {})}
      look={act === 'enable' ? 'primary' : 'danger'}
      title={t(`people.acts.${act}`, { name })}
      description={describe(act)}
      action={t(`people.actButtons.${act}`)}
      onClose={onClose}
      onConfirm={confirm}
    />
  );
}
