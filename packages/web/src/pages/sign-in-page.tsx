import { useTranslation } from 'react-i18next';
import { useIsSetupOpen } from '../api/queries.ts';
import { CredentialPage } from '../features/people/credential-page.tsx';
import { ForgottenPassword } from '../features/people/forgotten-password.tsx';
import { PasskeySignIn } from '../features/people/passkey-sign-in.tsx';
import { ProviderSignIn } from '../features/people/provider-sign-in.tsx';
import { SignInFields } from '../features/people/sign-in-fields.tsx';
import { useSignIn } from '../features/people/use-sign-in.ts';

export function SignInPage() {
  const { t } = useTranslation();
  const form = useSignIn();
  const { data: isSetupOpen } = useIsSetupOpen();
  return (
    <CredentialPage
      title={t('people.signIn')}
      text={t(isSetupOpen ? 'people.nobodyYet' : 'people.signInText')}
      button={t('people.signIn')}
      isReady={form.isReady}
      onSubmit={form.signIn}
      otherWay={
        <>
          <PasskeySignIn />
          <ProviderSignIn />
          <ForgottenPassword />
        </>
      }
    >
      <SignInFields {...form} />
    </CredentialPage>
  );
}
