import type { Condition, State } from '@cluster-ai/contracts';
import {
  CircleArrowDown,
  CircleCheck,
  CircleSlash2,
  CircleStop,
  LoaderCircle,
  type LucideIcon,
  Moon,
  SquareX,
  TriangleAlert,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useExplainCondition, useStateWord } from '../i18n/explain.ts';
import { asTyped } from '../i18n/program.ts';
import { Age } from './age.tsx';
import { cn } from './cn.ts';
import { Popover, PopoverContent, PopoverTrigger } from './popover.tsx';

// A state is never a colour alone: each has a shape and a word of its own.
const looks: Readonly<Record<State, { readonly icon: LucideIcon; readonly color: string; readonly isMoving?: true }>> = {
  ready: { icon: CircleCheck, color: 'text-ready' },
  starting: { icon: LoaderCircle, color: 'text-busy', isMoving: true },
  degraded: { icon: TriangleAlert, color: 'text-warn' },
  draining: { icon: CircleArrowDown, color: 'text-idle' },
  asleep: { icon: Moon, color: 'text-idle' },
  unreachable: { icon: CircleSlash2, color: 'text-fail' },
  failed: { icon: SquareX, color: 'text-fail' },
  stopped: { icon: CircleStop, color: 'text-idle' },
};

/** The sign of a state, without its word. */
export function StateIcon({ state, className }: { readonly state: State; readonly className?: string }) {
  const { icon: Icon, color, isMoving } = looks[state];
  return <Icon aria-hidden className={cn('size-4 shrink-0', color, isMoving && 'animate-spin', className)} />;
}

/** Why something is in its state: the sentence, since when, and the next step. */
export function Reason({ condition }: { readonly condition: Condition }) {
  const { t } = useTranslation();
  const { message, hint, particulars } = useExplainCondition()(condition);
  return (
    <div className="grid gap-2">
      <p className="font-medium">{message}</p>
      {particulars && (
        <p lang="en" className="text-muted-foreground">
          {particulars}
        </p>
      )}
      {hint && (
        <p>
          <span className="font-medium">{t('state.next')} </span>
          <Hint text={hint} />
        </p>
      )}
      <p className="text-muted-foreground text-xs">
        {t('state.since')} <Age iso={condition.since} /> · <code className="font-mono">{condition.reason}</code>
      </p>
    </div>
  );
}

/** A sentence in which `commands` stand between backticks, as they are typed on the machine of the cluster. */
export function Hint({ text }: { readonly text: string }) {
  return asTyped(text)
    .split('`')
    .map((piece, index) =>
      index % 2 === 0 ? (
        piece
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one sentence never move
        <code key={index} className="rounded bg-muted px-1 py-0.5 font-mono text-[0.8125em]">
          {piece}
        </code>
      ),
    );
}

export interface StateBadgeProps {
  readonly condition: Condition;
  /** What the state belongs to, for those who hear the page. */
  readonly of: string;
  readonly className?: string;
}

/** A state with its sign and word; it opens to say why, since when, and what to do. */
export function StateBadge({ condition, of, className }: StateBadgeProps) {
  const { t } = useTranslation();
  const word = useStateWord()(condition.state);
  return (
    <Popover>
      <PopoverTrigger className={cn('-mx-1.5 inline-flex min-h-6 items-center gap-1.5 rounded-md px-1.5 py-0.5 hover:bg-muted', className)}>
        <StateIcon state={condition.state} />
        <span className="sr-only">{of}: </span>
        <span className="font-medium">{word}</span>
        {condition.state !== 'ready' && (
          <span className="whitespace-nowrap text-muted-foreground text-xs underline decoration-dotted underline-offset-2">
            {t('state.why')}
          </span>
        )}
      </PopoverTrigger>
      <PopoverContent aria-label={t('state.whyTitle', { name: of })}>
        <Reason condition={condition} />
      </PopoverContent>
    </Popover>
  );
}
