import { useRouter, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SignInForm } from '../features/access/sign-in-form.tsx';
import { DoorPage } from '../ui/door-page.tsx';

export function SignInPage() {
  const { t } = useTranslation();
  const { history } = useRouter();
  const { from = '/ui/' } = useSearch({ from: '/sign-in' });
  return (
    <DoorPage title={t('access.signIn')} lead={t('access.signInText')}>
      <SignInForm onDone={() => history.replace(from)} />
    </DoorPage>
  );
}
