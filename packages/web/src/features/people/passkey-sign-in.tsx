import { Fingerprint } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { useAction } from '../../ui/use-action.ts';
import { hasPasskeys, signWithPasskey } from './passkeys.ts';
import { useEnter } from './use-enter.ts';

/** The way in for who has a passkey on this device. Nothing where the browser has none. */
export function PasskeySignIn() {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const enter = useEnter();
  const { isBusy, error, run } = useAction();
  if (!hasPasskeys()) return null;

  async function signIn(): Promise<void> {
    const credential = await signWithPasskey(await cluster.beginPasskeySignIn());
    if (credential === null) return;
    await cluster.signInWithPasskey({ credential });
    await enter();
  }

  return (
    <div className="grid gap-3">
      <Button disabled={isBusy} onClick={() => void run(signIn)}>
        <Fingerprint aria-hidden />
        {t('people.passkeySignIn')}
      </Button>
      {error !== undefined && <ErrorNotice error={error} />}
    </div>
  );
}
