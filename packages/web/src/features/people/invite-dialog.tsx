import type { Role } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useSignInOptions } from '../../api/queries.ts';
import { useLanguage } from '../../i18n/i18n.ts';
import { type Language, languageNames, languages } from '../../i18n/languages.ts';
import { Field, FieldChoice } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import type { ShownLink } from './one-use-link.tsx';
import { RoleChoice } from './role-choice.tsx';

const days = ['1', '7', '30'] as const;
type Days = (typeof days)[number];

interface InviteDialogProps {
  /** Whether nobody has a login yet: the first one had better be an admin. */
  readonly isFirst: boolean;
  onClose(): void;
  onMade(link: ShownLink): void;
}

/** Makes a link by which somebody comes in. */
export function InviteDialog({ isFirst, onClose, onMade }: InviteDialogProps) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const [role, setRole] = useState<Role>(isFirst ? 'admin' : 'developer');
  const [length, setLength] = useState<Days>('7');
  const { data: ways } = useSignInOptions();
  const [email, setEmail] = useState('');
  const [language, setLanguage] = useState<Language>(useLanguage());

  async function invite(): Promise<void> {
    const link = await cluster.invitePerson({ role, ttlSeconds: Number(length) * 86_400, email: email.trim() || null, language });
    onMade({ title: t('people.invited'), text: t('people.invitedText', { role: t(`roles.${role}`) }), link });
  }

  return (
    <FormDialog
      title={t('people.invite')}
      description={t('people.inviteText')}
      action={t('people.makeLink')}
      onClose={onClose}
      onSubmit={invite}
    >
      <RoleChoice role={role} onChoose={setRole} />
      <FieldChoice<Days>
        label={t('people.linkLasts')}
        value={length}
        choices={days.map((value) => ({ value, label: t('keys.days', { count: Number(value) }) }))}
        onChoose={setLength}
      />
      {ways?.mail && (
        <Field
          label={t('people.mailTo')}
          help={t('people.mailToHelp')}
          type="email"
          maxLength={254}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      )}
      {email.trim() !== '' && (
        <FieldChoice<Language>
          label={t('people.mailLanguage')}
          value={language}
          choices={languages.map((value) => ({ value, label: languageNames[value] }))}
          onChoose={setLanguage}
        />
      )}
    </FormDialog>
  );
}
