import type { InferenceUsage } from '@cluster-ai/contracts';
import type { Speed } from './policies/policy.ts';

/** Weight of the newest request in the averages. */
const NEWEST = 0.2;

const average = (old: number | undefined, value: number) => (old === undefined ? value : old + NEWEST * (value - old));
const perSecond = (count: number, ms: number) => (count * 1000) / Math.max(ms, 0.001);

/** What is measured of one model on one node. Undefined `speed` until a first answer with tokens. */
export interface SpeedRecord {
  speed: Speed | undefined;
}

function learn(old: Speed | undefined, usage: InferenceUsage): Speed {
  const read = usage.promptTokens - usage.cachedTokens;
  const prefill = read > 0 && usage.promptMs > 0 ? perSecond(read, usage.promptMs) : undefined;
  const decode = usage.completionTokens > 1 && usage.generationMs > 0 ? perSecond(usage.completionTokens, usage.generationMs) : undefined;
  return {
    prefillTokensPerSecond: prefill === undefined ? (old?.prefillTokensPerSecond ?? 1000) : average(old?.prefillTokensPerSecond, prefill),
    decodeTokensPerSecond: decode === undefined ? (old?.decodeTokensPerSecond ?? 100) : average(old?.decodeTokensPerSecond, decode),
    completionTokens: average(old?.completionTokens, usage.completionTokens),
    serviceMs: average(old?.serviceMs, usage.promptMs + usage.generationMs),
  };
}

/** Remembers how fast each model was on each node, and how many bytes of a request make a token of its prompt. */
export function createSpeeds() {
  const records = new Map<string, SpeedRecord>();
  let tokensPerByte = 0.25;
  return {
    of(nodeId: string, digest: string): SpeedRecord {
      const key = `${nodeId} ${digest}`;
      const known = records.get(key);
      if (known) return known;
      const fresh: SpeedRecord = { speed: undefined };
      records.set(key, fresh);
      return fresh;
    },
    learn(record: SpeedRecord, usage: InferenceUsage, bodyBytes: number): void {
      record.speed = learn(record.speed, usage);
      if (bodyBytes > 0) tokensPerByte = average(tokensPerByte, usage.promptTokens / bodyBytes);
    },
    promptTokens: (bodyBytes: number): number => bodyBytes * tokensPerByte,
    /** Nodes that left take their numbers with them. */
    keepOnly(nodeIds: ReadonlySet<string>): void {
      for (const key of records.keys()) if (!nodeIds.has(key.slice(0, key.indexOf(' ')))) records.delete(key);
    },
  };
}
export type Speeds = ReturnType<typeof createSpeeds>;
