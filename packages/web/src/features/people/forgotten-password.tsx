import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useSignInOptions } from '../../api/queries.ts';
import { useLanguage } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';

/** The way back for who forgot the password. Nothing where the cluster sends no mail. */
export function ForgottenPassword() {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const language = useLanguage();
  const { data: ways } = useSignInOptions();
  const [isOpen, setIsOpen] = useState(false);
  const [person, setPerson] = useState('');
  if (!ways?.mail) return null;

  async function ask(): Promise<void> {
    await cluster.askForPassword({ person: person.trim(), language });
    setIsOpen(false);
    toast.success(t('people.forgottenSent'));
  }

  return (
    <>
      <Button onClick={() => setIsOpen(true)}>{t('people.forgotten')}</Button>
      {isOpen && (
        <FormDialog
          title={t('people.forgotten')}
          description={t('people.forgottenText')}
          action={t('people.forgottenAsk')}
          isReady={person.trim() !== ''}
          onClose={() => setIsOpen(false)}
          onSubmit={ask}
        >
          <Field
            label={t('people.nameOrEmail')}
            autoComplete="username"
            spellCheck={false}
            required
            value={person}
            onChange={(event) => setPerson(event.target.value)}
          />
        </FormDialog>
      )}
    </>
  );
}
