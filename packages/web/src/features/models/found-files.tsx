import type { FoundFile } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { Plus, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useFoundFiles } from '../../api/queries.ts';
import { useSayPhrases } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice, LoadFailure } from '../../ui/notice.tsx';
import { StateIcon } from '../../ui/state-badge.tsx';
import { Panel } from '../../ui/surface.tsx';

function FoundRow({ file }: { readonly file: FoundFile }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const format = useFormat();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const problem = useSayPhrases()(file.problems, file.problem ?? '');
  async function add(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      const model = await cluster.addModel({ name: file.suggestedName, path: file.path, inPlace: true });
      await Promise.all([queryClient.invalidateQueries({ queryKey: ['models'] }), queryClient.invalidateQueries({ queryKey: ['found'] })]);
      toast.success(t('models.added', { name: model.name }));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }
  const facts = [
    format.bytes(file.sizeBytes),
    file.facts?.parameterSize,
    file.facts?.quantization,
    t('models.foundOn', { source: t(`models.sources.${file.source}`), node: file.node }),
  ];
  return (
    <li className="grid gap-2 border-t py-3 first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className="font-medium">{file.suggestedName}</p>
          <p className="tabular text-muted-foreground text-xs">{facts.filter(Boolean).join(' · ')}</p>
          <p className="break-all font-mono text-muted-foreground text-xs">{file.path}</p>
        </div>
        {file.registeredAs !== null ? (
          <Link
            to="/models/$name"
            params={{ name: file.registeredAs }}
            className="inline-flex min-h-6 items-center underline underline-offset-2"
          >
            {t('models.foundAdded', { name: file.registeredAs })}
          </Link>
        ) : (
          file.problem === null && (
            <Button size="small" disabled={isBusy} onClick={() => void add()}>
              <Plus aria-hidden />
              {isBusy ? t('models.adding') : t('models.foundUse')}
              <span className="sr-only">{file.suggestedName}</span>
            </Button>
          )
        )}
      </div>
      {file.problem !== null && (
        <p className="flex items-center gap-2">
          <TriangleAlert aria-hidden className="size-4 shrink-0 text-warn" />
          <span lang={problem.lang} className="min-w-0 [overflow-wrap:anywhere]">
            {problem.text}
          </span>
        </p>
      )}
      {error !== undefined && <ErrorNotice error={error} />}
    </li>
  );
}

/** Weights that other programs have left on the machines, each with a button that makes a model of it. */
export function FoundFiles() {
  const { t } = useTranslation();
  const { data: files, error, refetch } = useFoundFiles();
  return (
    <Panel title={t('models.found')}>
      <p className="mb-2 text-muted-foreground">{t('models.foundText')}</p>
      {error && !files && <LoadFailure error={error} title={t('models.foundFailed')} onRetry={() => void refetch()} />}
      {!files && !error && (
        <p role="status" className="flex items-center gap-2 text-muted-foreground">
          <StateIcon state="starting" />
          {t('models.foundSearching')}
        </p>
      )}
      {files?.length === 0 && <p className="text-muted-foreground">{t('models.foundNothing')}</p>}
      {files && files.length > 0 && (
        <ul>
          {files.map((file) => (
            <FoundRow key={`${file.nodeId} ${file.path}`} file={file} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
