import { type Condition, isSameCondition } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Gateway } from '../gateway/gateway.ts';
import type { Registry } from '../registry/registry.ts';
import type { EventBus } from './event-bus.ts';

interface Deps {
  readonly gateway: Pick<Gateway, 'conditionOf' | 'measure'>;
  readonly registry: Pick<Registry, 'list' | 'find'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 1000;

/** Tells the event stream, once a second and only when it changed, how busy the cluster is and which models answer now. */
export async function publishChanges({ gateway, registry, events, clock }: Deps, signal: AbortSignal): Promise<void> {
  const conditions = new Map<string, Condition>();
  let measured = '';

  function publishMeasurement(): void {
    const { active, queued, tokensPerSecond } = gateway.measure();
    const now = `${active} ${queued} ${tokensPerSecond}`;
    if (now === measured) return;
    measured = now;
    events.publish({ type: 'cluster.measured', tokensPerSecond, activeRequests: active, queuedRequests: queued });
  }

  function publishModels(isFirst: boolean): void {
    const names = new Set(registry.list().map(({ name }) => name));
    for (const name of conditions.keys()) if (!names.has(name)) conditions.delete(name);
    for (const name of names) {
      const model = registry.find(name);
      if (!model) continue;
      const condition = gateway.conditionOf(model);
      const before = conditions.get(name);
      conditions.set(name, condition);
      if (isFirst || (before !== undefined && isSameCondition(before, condition))) continue;
      events.publish({ type: 'model.changed', name });
    }
  }

  for (let isFirst = true; !signal.aborted; isFirst = false) {
    publishMeasurement();
    publishModels(isFirst);
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
  }
}
