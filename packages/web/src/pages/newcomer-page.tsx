import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { NewcomerForm, type NewcomerFormProps } from '../features/access/newcomer-form.tsx';
import { DoorPage } from '../ui/door-page.tsx';
import { InfoNotice } from '../ui/notice.tsx';

interface NewcomerPageProps {
  readonly kind: 'setup' | 'invitation' | 'choose';
  use(token: string, typed: Parameters<NewcomerFormProps['onSubmit']>[0]): ReturnType<NewcomerFormProps['onSubmit']>;
}

/** The page of a link that works once. The token stays in the address until it is used, so that a reload loses nothing. */
function NewcomerPage({ kind, use }: NewcomerPageProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [token] = useState(() => location.hash.slice(1));
  return (
    <DoorPage title={t(`access.${kind}.title`)} lead={t(`access.${kind}.text`)}>
      {token === '' ? (
        <InfoNotice>{t('access.noToken')}</InfoNotice>
      ) : (
        <NewcomerForm
          hasName={kind !== 'choose'}
          submit={t(`access.${kind}.submit`)}
          onSubmit={(typed) => use(token, typed)}
          onDone={() => void navigate({ to: '/', replace: true })}
        />
      )}
      <Link to="/sign-in" className="justify-self-center rounded-md text-muted-foreground underline underline-offset-2">
        {t('access.signIn')}
      </Link>
    </DoorPage>
  );
}

export function SetupPage() {
  const { cluster } = useApp();
  return <NewcomerPage kind="setup" use={(token, { name, password }) => cluster.setUp({ token, name, password })} />;
}

export function InvitationPage() {
  const { cluster } = useApp();
  return <NewcomerPage kind="invitation" use={(token, { name, password }) => cluster.acceptInvitation({ token, name, password })} />;
}

export function PasswordPage() {
  const { cluster } = useApp();
  return <NewcomerPage kind="choose" use={(token, { password }) => cluster.choosePassword({ token, password })} />;
}
