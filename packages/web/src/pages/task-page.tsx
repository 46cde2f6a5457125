import type { Task, TaskLog } from '@cluster-ai/contracts';
import { Link, useParams } from '@tanstack/react-router';
import { ArrowLeft, Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useTask, useTaskLog } from '../api/compute-queries.ts';
import { TaskActs } from '../features/tasks/task-acts.tsx';
import { TaskStateWord } from '../features/tasks/task-state.tsx';
import { isUnderWay } from '../features/tasks/task-words.ts';
import { useFormat } from '../i18n/i18n.ts';
import { Button } from '../ui/button.tsx';
import { CopyField } from '../ui/copy.tsx';
import { Meter } from '../ui/meter.tsx';
import { ErrorNotice, LoadFailure } from '../ui/notice.tsx';
import { Facts, Page, Panel, Skeleton } from '../ui/surface.tsx';

function BackToCompute() {
  const { t } = useTranslation();
  return (
    <Button asChild look="ghost">
      <Link to="/compute">
        <ArrowLeft aria-hidden />
        {t('pages.compute')}
      </Link>
    </Button>
  );
}

function About({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const format = useFormat();
  const at = (iso: string | null) => (iso === null ? t('common.never') : format.dateTimeSeconds(iso));
  return (
    <Panel title={t('tasks.about')}>
      <Facts
        facts={[
          [t('tasks.facts.type'), t(`tasks.types.${task.type}`)],
          [t('tasks.facts.owner'), task.owner],
          [t('tasks.facts.worker'), task.worker ?? t('common.unknown')],
          [t('tasks.facts.attempt'), format.number(task.attempt)],
          [t('tasks.facts.priority'), format.number(task.priority)],
          [t('tasks.facts.created'), at(task.createdAt)],
          [t('tasks.facts.started'), at(task.startedAt)],
          [t('tasks.facts.ended'), at(task.endedAt)],
          ...(task.deadlineAt === null ? [] : [[t('tasks.facts.deadline'), at(task.deadlineAt)] as const]),
          [
            t('tasks.facts.id'),
            <code key="id" className="font-mono text-xs">
              {task.id}
            </code>,
          ],
        ]}
      />
    </Panel>
  );
}

function Result({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (task.result === null) return null;
  const { value, sizeBytes } = task.result;
  const address = `/api/v1/tasks/${encodeURIComponent(task.id)}/result`;
  return (
    <Panel
      title={t('tasks.result')}
      actions={
        <Button asChild size="small">
          <a href={address} download={`${task.id}.json`}>
            <Download aria-hidden />
            {t('tasks.download', { size: format.bytes(sizeBytes) })}
          </a>
        </Button>
      }
    >
      {value === undefined ? (
        <p className="text-muted-foreground">{t('tasks.resultLarge')}</p>
      ) : (
        <CopyField text={JSON.stringify(value, null, 2)} label={t('tasks.result')} />
      )}
    </Panel>
  );
}

function Log({ log }: { readonly log: TaskLog }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Panel title={t('tasks.log')}>
      {log.lines.length === 0 ? (
        <p className="text-muted-foreground">{t('tasks.noLog')}</p>
      ) : (
        <section aria-label={t('tasks.log')} className="max-h-96 overflow-auto">
          <ol className="font-mono text-xs leading-5">
            {log.lines.map(({ at, text }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
              <li key={index} className="grid grid-cols-[auto_1fr] gap-3">
                <time dateTime={at} className="text-muted-foreground">
                  {format.time(Date.parse(at))}
                </time>
                <span className="whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {log.isCut && <p className="mt-2 text-muted-foreground text-xs">{t('tasks.logCut')}</p>}
    </Panel>
  );
}

function TaskDetails({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: log, error } = useTaskLog(task.id, isUnderWay(task));
  return (
    <Page
      title={task.name || task.id}
      lead={<TaskStateWord task={task} />}
      actions={
        <>
          <TaskActs task={task} />
          <BackToCompute />
        </>
      }
    >
      <div className="grid gap-4">
        {task.reason && <ErrorNotice error={task.reason} />}
        {isUnderWay(task) && (
          <div className="grid gap-1">
            <span className="text-xs">{[format.percent(task.progress), task.message].filter(Boolean).join(' · ')}</span>
            <Meter label={t('tasks.progress')} value={task.progress} text={format.percent(task.progress)} high={2} />
          </div>
        )}
        <Result task={task} />
        {log && <Log log={log} />}
        {error && !log && <ErrorNotice error={error} title={t('tasks.logFailed')} />}
        <About task={task} />
      </div>
    </Page>
  );
}

/** One task: how far it is, what it said and what came out. */
export function TaskPage() {
  const { t } = useTranslation();
  const { taskId } = useParams({ from: '/compute/tasks/$taskId' });
  const { data: task, error, refetch } = useTask(taskId);
  if (task) return <TaskDetails task={task} />;
  return (
    <Page title={t('tasks.one')} actions={<BackToCompute />}>
      {error ? <LoadFailure error={error} title={t('tasks.failed')} onRetry={() => void refetch()} /> : <Skeleton className="h-48" />}
    </Page>
  );
}
