import { useTranslation } from 'react-i18next';
import { SignInForm } from '../features/access/sign-in-form.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** Signing in over the page, which keeps what was written on it. */
export function SignInDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Dialog isOpen onClose={onClose} title={t('access.signIn')} description={t('access.signInText')}>
      <SignInForm onDone={() => undefined} />
    </Dialog>
  );
}
