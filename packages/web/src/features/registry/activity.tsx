import type { Operation } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useOperations } from '../../api/registry-queries.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Meter } from '../../ui/meter.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Panel } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';
import { type UploadJob, useUploadJobs } from './uploads.ts';

interface WorkProps {
  readonly name: string;
  readonly model: string | undefined;
  /** 0 to 1; undefined where nobody knows how much there is. */
  readonly share: number | undefined;
  readonly text: string;
  readonly error: unknown;
  readonly action: ReactNode;
}

/** One piece of long work: what it is, how far it is, and how it can be ended. */
function Work({ name, model, share, text, error, action }: WorkProps) {
  return (
    <li className="grid gap-2 border-t py-3 first:border-t-0 first:pt-0">
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 font-medium [overflow-wrap:anywhere]">
          {model === undefined ? (
            name
          ) : (
            <Link
              to="/models/$name"
              params={{ name: model }}
              className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
            >
              {name}
            </Link>
          )}
        </p>
        {action}
      </div>
      {share !== undefined && <Meter label={name} value={share} text={text} high={2} />}
      <p className="tabular text-muted-foreground text-xs">{text}</p>
      {error !== undefined && error !== null && <ErrorNotice error={error} />}
    </li>
  );
}

function useAmount() {
  const { t } = useTranslation();
  const format = useFormat();
  return (done: number, total: number | null, perSecond: number, etaSeconds: number | null) =>
    [
      total === null ? format.bytes(done) : t('registry.doneOf', { done: format.bytes(done), total: format.bytes(total) }),
      perSecond > 0 && t('registry.speed', { size: format.bytes(perSecond) }),
      etaSeconds !== null && t('registry.eta', { time: format.duration(etaSeconds * 1000) }),
    ]
      .filter(Boolean)
      .join(' · ');
}

function UploadWork({ job }: { readonly job: UploadJob }) {
  const { t } = useTranslation();
  const { uploads } = useApp();
  const amount = useAmount();
  const isUnderWay = job.state === 'uploading' || job.state === 'publishing';
  const eta = job.bytesPerSecond > 0 ? (job.bytesTotal - job.bytesDone) / job.bytesPerSecond : null;
  return (
    <Work
      name={job.name}
      model={job.state === 'done' ? job.name : undefined}
      share={isUnderWay ? job.bytesDone / Math.max(1, job.bytesTotal) : undefined}
      text={`${t(`registry.uploadStates.${job.state}`)} · ${amount(job.bytesDone, job.bytesTotal, job.bytesPerSecond, isUnderWay ? eta : null)}`}
      error={job.error}
      action={
        isUnderWay ? (
          <Button size="small" onClick={() => uploads.cancel(job.id)}>
            {t('common.cancel')}
            <span className="sr-only">{job.name}</span>
          </Button>
        ) : (
          <IconButton label={t('registry.dismiss', { name: job.name })} size="icon-small" onClick={() => uploads.dismiss(job.id)}>
            <X aria-hidden />
          </IconButton>
        )
      }
    />
  );
}

function OperationWork({ operation }: { readonly operation: Operation }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const amount = useAmount();
  const { error, run } = useAction();
  const isUnderWay = operation.state === 'queued' || operation.state === 'running';
  const cancel = async () => {
    await cluster.cancelOperation(operation.id);
    await queryClient.invalidateQueries({ queryKey: ['operations'] });
  };
  const { bytesDone, bytesTotal, bytesPerSecond, etaSeconds } = operation;
  const phase = isUnderWay ? t(`registry.phases.${operation.phase}`) : t(`registry.operationStates.${operation.state as 'done'}`);
  return (
    <Work
      name={operation.model || operation.reference}
      model={operation.result?.name}
      share={isUnderWay ? operation.progress : undefined}
      text={`${phase} · ${operation.reference} · ${amount(bytesDone, bytesTotal, isUnderWay ? bytesPerSecond : 0, isUnderWay ? etaSeconds : null)}`}
      error={error ?? operation.reason}
      action={
        isUnderWay && (
          <Button size="small" onClick={() => void run(cancel)}>
            {t('common.cancel')}
            <span className="sr-only">{operation.model}</span>
          </Button>
        )
      }
    />
  );
}

const RECENT_MS = 3_600_000;

/** Uploads of this browser and long work of the cluster: what is under way, and what ended a short time ago. */
export function Activity() {
  const { t } = useTranslation();
  const { uploads } = useApp();
  const jobs = useUploadJobs(uploads);
  const { data: operations = [] } = useOperations();
  const shown = operations.filter(({ endedAt }) => endedAt === null || Date.now() - Date.parse(endedAt) < RECENT_MS).slice(0, 20);
  if (jobs.length + shown.length === 0) return null;
  return (
    <Panel title={t('registry.activity')}>
      <ul>
        {jobs.toReversed().map((job) => (
          <UploadWork key={`upload ${job.id}`} job={job} />
        ))}
        {shown.map((operation) => (
          <OperationWork key={operation.id} operation={operation} />
        ))}
      </ul>
    </Panel>
  );
}
