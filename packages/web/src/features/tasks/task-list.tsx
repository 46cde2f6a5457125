import type { Task } from '@cluster-ai/contracts';
import { Link, useNavigate } from '@tanstack/react-router';
import { ListChecks } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useTasks } from '../../api/compute-queries.ts';
import { useExplainError } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { FieldChoice } from '../../ui/field.tsx';
import { Meter } from '../../ui/meter.tsx';
import { LoadFailure } from '../../ui/notice.tsx';
import { Empty, Panel, Skeleton } from '../../ui/surface.tsx';
import { TaskActs } from './task-acts.tsx';
import { TaskStateWord } from './task-state.tsx';
import { isUnderWay, type TaskSearch, taskStates } from './task-words.ts';

/** Why it failed or still waits; what only the server knows is said in its own words. */
function TaskReason({ reason }: { readonly reason: NonNullable<Task['reason']> }) {
  const { message, particulars } = useExplainError()(reason);
  return (
    <p className="text-xs [overflow-wrap:anywhere]">
      {message}
      {particulars && <span lang="en"> {particulars}</span>}
    </p>
  );
}

function TaskRow({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = task.name || task.id;
  const tookMs = task.startedAt && task.endedAt ? Date.parse(task.endedAt) - Date.parse(task.startedAt) : undefined;
  return (
    <li className="grid gap-2 border-t py-3 first:border-t-0 first:pt-0 sm:grid-cols-[9rem_1fr_auto] sm:gap-4">
      <TaskStateWord task={task} />
      <div className="grid min-w-0 content-start gap-1">
        <Link
          to="/compute/tasks/$taskId"
          params={{ taskId: task.id }}
          className="inline-flex min-h-6 items-center font-medium underline-offset-2 [overflow-wrap:anywhere] hover:underline"
        >
          {name}
        </Link>
        <p className="text-muted-foreground text-xs">
          {[t(`tasks.types.${task.type}`), task.owner, task.attempt > 1 && t('tasks.attempt', { count: task.attempt })]
            .filter(Boolean)
            .join(' · ')}{' '}
          · <Age iso={task.createdAt} />
          {tookMs !== undefined && ` · ${t('tasks.took', { time: format.duration(tookMs) })}`}
        </p>
        {isUnderWay(task) && task.progress > 0 && (
          <Meter label={name} value={task.progress} text={`${format.percent(task.progress)} ${task.message}`.trim()} high={2} />
        )}
        {isUnderWay(task) && task.message !== '' && <p className="text-xs [overflow-wrap:anywhere]">{task.message}</p>}
        {task.reason && <TaskReason reason={task.reason} />}
      </div>
      <TaskActs task={task} />
    </li>
  );
}

/** The tasks that whoever sits here may see, newest first. */
export function TaskList({ search }: { readonly search: TaskSearch }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useTasks(search.state);
  const tasks = data?.pages.flatMap((page) => page.tasks) ?? [];
  return (
    <Panel
      title={t('tasks.title')}
      actions={
        <FieldChoice
          label={<span className="sr-only">{t('tasks.filter')}</span>}
          value={search.state ?? ''}
          onChoose={(state) => void navigate({ to: '/compute', search: state === '' ? {} : { state }, replace: true })}
          choices={[{ value: '', label: t('tasks.all') }, ...taskStates.map((value) => ({ value, label: t(`tasks.states.${value}`) }))]}
        />
      }
    >
      {error && !data && <LoadFailure error={error} title={t('tasks.listFailed')} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-32" />}
      {data && tasks.length === 0 && (
        <Empty icon={<ListChecks aria-hidden />} title={search.state === undefined ? t('tasks.empty') : t('tasks.noneOfState')}>
          {search.state === undefined && <p>{t('tasks.emptyText')}</p>}
        </Empty>
      )}
      <ul>
        {tasks.map((task) => (
          <TaskRow key={task.id} task={task} />
        ))}
      </ul>
      {hasNextPage && (
        <Button className="mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </Panel>
  );
}
