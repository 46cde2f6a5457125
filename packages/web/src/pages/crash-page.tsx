import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';

/** What stands in for a page that failed to draw itself or whose code did not come. It needs no code of its own beyond the shell's. */
export function CrashPage({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  return (
    <div role="alert" className="mx-auto grid max-w-xl gap-3 px-4 py-16">
      <h1 className="font-semibold text-xl">{t('crash.title')}</h1>
      <p>{t('crash.text')}</p>
      <p lang="en" className="break-words text-muted-foreground">
        {error instanceof Error ? error.message : String(error)}
      </p>
      <Button look="primary" className="justify-self-start" onClick={() => location.reload()}>
        {t('common.retry')}
      </Button>
    </div>
  );
}
