import type { PersonExport } from '@cluster-ai/contracts';
import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { Button } from '../../ui/button.tsx';
import { download, toFileName } from '../../ui/download.ts';
import { ErrorNotice } from '../../ui/notice.tsx';
import { useAction } from '../../ui/use-action.ts';

interface ExportButtonProps {
  /** Of whom: what the file is called. */
  readonly name: string;
  readonly text: string;
  getData(): Promise<PersonExport>;
}

/** Hands over everything that is stored about somebody, as a file. */
export function ExportButton({ name, text, getData }: ExportButtonProps) {
  const { t } = useTranslation();
  const { isBusy, error, run } = useAction();

  async function save(): Promise<void> {
    const data = await getData();
    download(toFileName(name, 'json'), 'application/json', `${JSON.stringify(data, undefined, 2)}\n`);
    toast.success(t('privacy.exported'));
  }

  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 max-w-xl flex-1 basis-64 text-muted-foreground">{text}</p>
        <Button disabled={isBusy} onClick={() => void run(save)}>
          <Download aria-hidden />
          {isBusy ? t('people.wait') : t('privacy.export')}
        </Button>
      </div>
      {error !== undefined && <ErrorNotice error={error} title={t('privacy.exportFailed')} />}
    </div>
  );
}
