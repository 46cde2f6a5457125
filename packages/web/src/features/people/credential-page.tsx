import { useNavigate } from '@tanstack/react-router';
import { KeyRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';

interface CredentialPageProps {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly isReady: boolean;
  /** Signs in, or makes what signs in. Afterwards the page that was left is shown anew. */
  onSubmit(): Promise<unknown>;
  readonly children: ReactNode;
  /** Other ways in, below the form. */
  readonly below?: ReactNode;
}

/** One form in the middle of the page, by which somebody comes in. */
export function CredentialPage({ title, text, button, isReady, onSubmit, children, below }: CredentialPageProps) {
  const { t } = useTranslation();
  const { queryClient, live } = useApp();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  async function submit(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit();
      await queryClient.resetQueries(); // what a stranger was not shown is asked for again
      live.retry();
      await navigate({ to: '/' });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <div className="mx-auto grid w-full max-w-sm gap-6 px-4 py-10">
      <title>{`${title} · Cluster AI`}</title>
      <div className="grid gap-2">
        <KeyRound aria-hidden className="size-6 text-primary" />
        <h1 className="font-semibold text-xl">{title}</h1>
        <p className="text-muted-foreground">{text}</p>
      </div>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        {error !== undefined && <ErrorNotice error={error} />}
        <Button type="submit" look="primary" disabled={isBusy || !isReady}>
          {isBusy ? t('people.wait') : button}
        </Button>
      </form>
      {below}
    </div>
  );
}
