import type { Profile } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMe } from '../../api/queries.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SignInFields } from './sign-in-fields.tsx';
import { useSignIn } from './use-sign-in.ts';

/** Signs in again without leaving the page: what is half-written on it stays. */
export function SignInDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const { queryClient, live } = useApp();
  const { data: before } = useMe();
  const form = useSignIn(before?.person?.name);

  async function enter(): Promise<void> {
    const profile = await form.signIn();
    queryClient.setQueryData<Profile>(['me'], profile);
    if (before && before.id !== profile.id) await queryClient.resetQueries(); // somebody else: nothing of the one before is shown on
    live.retry();
    toast.success(t('people.signedInAgain'));
    onClose();
  }

  return (
    <FormDialog
      title={t('people.sessionEnded')}
      description={t('people.sessionEndedText')}
      action={t('people.signIn')}
      isReady={form.isReady}
      onClose={onClose}
      onSubmit={enter}
    >
      <SignInFields {...form} />
    </FormDialog>
  );
}
