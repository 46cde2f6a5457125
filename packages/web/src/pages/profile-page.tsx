import { useTranslation } from 'react-i18next';
import { useMe } from '../api/queries.ts';
import { Codes } from '../features/profile/codes.tsx';
import { OwnName } from '../features/profile/own-name.tsx';
import { OwnPassword } from '../features/profile/own-password.tsx';
import { OwnRights } from '../features/profile/own-rights.tsx';
import { OwnData, OwnUse } from '../features/profile/own-use.tsx';
import { Passkeys } from '../features/profile/passkeys.tsx';
import { Sessions } from '../features/profile/sessions.tsx';
import { InfoNotice, LoadFailure } from '../ui/notice.tsx';
import { Page, Skeleton } from '../ui/surface.tsx';

/** One's own login; for who uses this machine without one, what may be done so. */
export function ProfilePage() {
  const { t } = useTranslation();
  const { data: me, error, refetch } = useMe();
  return (
    <Page title={t('pages.profile')} lead={me?.person ? t('profile.lead') : undefined}>
      {error && !me && <LoadFailure error={error} title={t('profile.loadFailed')} onRetry={() => void refetch()} />}
      {!me && !error && <Skeleton className="h-64" />}
      {me && (
        <div className="grid gap-4">
          {me.person ? (
            <>
              <OwnName person={me.person} />
              <Sessions />
              <OwnPassword />
              <Codes person={me.person} />
              <Passkeys />
              <OwnUse person={me.person} />
              <OwnData person={me.person} />
            </>
          ) : (
            <InfoNotice>{t('profile.nobody')}</InfoNotice>
          )}
          <OwnRights permissions={me.permissions} />
        </div>
      )}
    </Page>
  );
}
