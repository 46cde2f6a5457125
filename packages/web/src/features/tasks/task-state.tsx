import type { Task, TaskState } from '@cluster-ai/contracts';
import { Ban, CircleCheck, CircleDashed, CircleStop, LoaderCircle, type LucideIcon, Send, SquareX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '../../ui/cn.ts';

// A state is never a colour alone: each has a shape and a word of its own.
const looks: Readonly<Record<TaskState, { readonly icon: LucideIcon; readonly color: string; readonly isMoving?: true }>> = {
  queued: { icon: CircleDashed, color: 'text-idle' },
  submitted: { icon: Send, color: 'text-busy' },
  running: { icon: LoaderCircle, color: 'text-busy', isMoving: true },
  cancelling: { icon: CircleStop, color: 'text-warn' },
  done: { icon: CircleCheck, color: 'text-ready' },
  failed: { icon: SquareX, color: 'text-fail' },
  cancelled: { icon: Ban, color: 'text-idle' },
};

/** The state of a task: its sign and word. */
export function TaskStateWord({ task: { state } }: { readonly task: Pick<Task, 'state'> }) {
  const { t } = useTranslation();
  const { icon: Icon, color, isMoving } = looks[state];
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap font-medium">
      <Icon aria-hidden className={cn('size-4 shrink-0', color, isMoving && 'animate-spin')} />
      {t(`tasks.states.${state}`)}
    </span>
  );
}
