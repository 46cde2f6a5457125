import type { AnswerFacts } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';

/** Which node answered, how soon and how fast. What is not known yet is left out. */
export function AnswerLine({ facts, liveRate }: { readonly facts: AnswerFacts; readonly liveRate: number | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rate = facts.tokensPerSecond ?? liveRate;
  const parts = [
    facts.node === null ? undefined : t('chat.onNode', { node: facts.node }),
    facts.firstTokenMs === null ? undefined : t('chat.firstToken', { time: format.duration(facts.firstTokenMs) }),
    rate === undefined ? undefined : t('chat.rate', { rate: format.rate(rate) }),
    facts.completionTokens === null ? undefined : t('chat.tokens', { count: facts.completionTokens }),
  ].filter((part) => part !== undefined);
  return (
    <p className="tabular flex flex-wrap items-baseline gap-x-2 text-muted-foreground text-xs">
      <span className="font-semibold text-foreground text-sm">{facts.model}</span>
      {parts.map((part) => (
        <span key={part} className="before:mr-2 before:content-['·']">
          {part}
        </span>
      ))}
    </p>
  );
}
