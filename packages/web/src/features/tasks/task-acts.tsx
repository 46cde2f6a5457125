import type { Task } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { useAction } from '../../ui/use-action.ts';
import { isUnderWay } from './task-words.ts';

/** What can be done with a task: end it while it is under way, or try it again after it failed. */
export function TaskActs({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const may = useMay();
  const { isBusy, error, run } = useAction();
  const act = (work: (id: string) => Promise<unknown>) =>
    void run(async () => {
      await work(task.id);
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    });
  const name = task.name || task.id;
  if (!may('tasks:write')) return null;
  return (
    <div className="grid justify-items-end gap-2">
      {isUnderWay(task) && (
        <Button size="small" disabled={isBusy || task.state === 'cancelling'} onClick={() => act(cluster.cancelTask)}>
          {t('common.cancel')}
          <span className="sr-only">{name}</span>
        </Button>
      )}
      {(task.state === 'failed' || task.state === 'cancelled') && (
        <Button size="small" disabled={isBusy} onClick={() => act(cluster.retryTask)}>
          {t('tasks.retry')}
          <span className="sr-only">{name}</span>
        </Button>
      )}
      {error !== undefined && <ErrorNotice error={error} />}
    </div>
  );
}
