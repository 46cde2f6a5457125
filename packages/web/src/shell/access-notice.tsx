import type { ClusterError } from '@cluster-ai/client';
import { Link, useNavigate, useRouter } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { useMe } from '../api/queries.ts';
import { useAccessNews } from '../features/access/access.ts';
import { useExplainError } from '../i18n/explain.ts';
import { Button } from '../ui/button.tsx';

const SignInDialog = lazy(async () => ({ default: (await import('./sign-in-dialog.tsx')).SignInDialog }));

function Banner({ children }: { readonly children: ReactNode }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-warn/40 border-b bg-warn/10 px-4 py-2">
      {children}
    </div>
  );
}

function Forbidden({ error, onClose }: { readonly error: ClusterError; onClose(): void }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const { message } = useExplainError()(error);
  return (
    <Banner>
      <p className="flex-1 basis-64">{message}</p>
      {me?.kind === 'local' && (
        <Button asChild size="small">
          <Link to="/sign-in">{t('access.signIn')}</Link>
        </Button>
      )}
      <Button look="ghost" size="icon-small" aria-label={t('common.close')} onClick={onClose}>
        <X aria-hidden />
      </Button>
    </Banner>
  );
}

/** Says what the server refused, and leads to the sign-in: at once, or beside what is half-written. */
export function AccessNotice() {
  const { t } = useTranslation();
  const { access } = useApp();
  const { state } = useRouter();
  const navigate = useNavigate();
  const news = useAccessNews(access);
  const mustLeave = news.kind === 'leave';

  useEffect(() => {
    if (!mustLeave) return;
    access.settle();
    void navigate({ to: '/sign-in', search: { from: state.location.publicHref }, replace: true });
  }, [mustLeave, access, navigate, state.location.publicHref]);

  if (news.kind === 'forbidden') return <Forbidden error={news.error} onClose={access.settle} />;
  if (news.kind !== 'ended') return null;
  return (
    <Banner>
      <p className="flex-1 basis-64">{t('access.ended')}</p>
      <Button size="small" onClick={access.ask}>
        {t('access.signIn')}
      </Button>
      {news.isAsking && (
        <Suspense>
          <SignInDialog onClose={access.stopAsking} />
        </Suspense>
      )}
    </Banner>
  );
}
