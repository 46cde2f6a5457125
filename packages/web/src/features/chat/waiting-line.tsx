import type { ReasonCode } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useModels } from '../../api/queries.ts';
import { useExplainCondition } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { StateIcon } from '../../ui/state-badge.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { LiveAnswer } from './live-answer.ts';

export interface WaitingLineProps {
  /** What the server said about it. */
  readonly waiting: LiveAnswer['waiting'];
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly model: string;
}

/** Why there is no text yet, and for how long. */
export function WaitingLine({ waiting, startedAt, model }: WaitingLineProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const explain = useExplainCondition();
  const { data } = useModels();
  const known = data?.models.find(({ name }) => name === model);
  const condition = known?.condition.state === 'ready' ? undefined : known?.condition;
  const reason = waiting ? { ...waiting, reason: waiting.reason as ReasonCode, hint: '' } : condition;
  const elapsedMs = Math.max(0, useNow() - startedAt);
  const progress = known?.replicas.find((replica) => replica.progress !== null)?.progress;
  return (
    <p role="status" className="flex flex-wrap items-center gap-2 text-muted-foreground">
      <StateIcon state="starting" />
      <span>{reason ? explain(reason).message : t('chat.thinking')}</span>
      {progress !== undefined && progress !== null && <span className="tabular">{format.percent(progress)}</span>}
      {elapsedMs >= 2000 && (
        <span aria-hidden className="tabular">
          {format.duration(elapsedMs)}
        </span>
      )}
    </p>
  );
}
