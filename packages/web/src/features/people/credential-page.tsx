import { KeyRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Hint } from '../../ui/state-badge.tsx';
import { useAction } from '../../ui/use-action.ts';
import { useEnter } from './use-enter.ts';

interface CredentialPageProps {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly isReady: boolean;
  /** Signs in, or makes what signs in. Afterwards the page that was left is shown anew. */
  onSubmit(): Promise<unknown>;
  readonly children: ReactNode;
  /** Below the form. */
  readonly otherWay?: ReactNode;
}

/** One form in the middle of the page, by which somebody comes in. */
export function CredentialPage({ title, text, button, isReady, onSubmit, children, otherWay }: CredentialPageProps) {
  const { t } = useTranslation();
  const enter = useEnter();
  const { isBusy, error, run } = useAction();

  return (
    <div className="mx-auto grid w-full max-w-sm gap-6 px-4 py-10">
      <title>{`${title} · Cluster AI`}</title>
      <div className="grid gap-2">
        <KeyRound aria-hidden className="size-6 text-primary" />
        <h1 className="font-semibold text-xl">{title}</h1>
        <p className="text-muted-foreground">
          <Hint text={text} />
        </p>
      </div>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run(async () => {
            await onSubmit();
            await enter();
          });
        }}
      >
        {children}
        {error !== undefined && <ErrorNotice error={error} />}
        <Button type="submit" look="primary" disabled={isBusy || !isReady}>
          {isBusy ? t('people.wait') : button}
        </Button>
      </form>
      {otherWay}
    </div>
  );
}
