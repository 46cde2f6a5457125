import { type Condition, isSameCondition } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Gateway } from '../gateway/gateway.ts';
import type { ResolvedModel } from '../registry/registry.ts';
import type { EventBus } from './event-bus.ts';

interface Deps {
  readonly gateway: Pick<Gateway, 'conditionOf' | 'measure' | 'wanted'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 1000;

/** Tells the event stream, once a second and only when it changed, how busy the cluster is and which models answer now. */
export async function publishChanges({ gateway, events, clock }: Deps, signal: AbortSignal): Promise<void> {
  const watched = new Map<string, { readonly model: ResolvedModel; readonly condition: Condition }>();
  let measured = '';

  function publishMeasurement(): void {
    const { active, queued, tokensPerSecond } = gateway.measure();
    const now = `${active} ${queued} ${tokensPerSecond}`;
    if (now === measured) return;
    measured = now;
    events.publish({ type: 'cluster.measured', tokensPerSecond, activeRequests: active, queuedRequests: queued });
  }

  /** Only what runs, is meant to, or did lately: the others are asleep, however many they are. */
  function publishModels(): void {
    const wanted = new Set(gateway.wanted().map(({ name }) => name));
    const before = [...watched.values()].map(({ model }) => model);
    const models = new Map([...before, ...gateway.wanted()].map((model) => [model.name, model]));
    for (const [name, model] of models) {
      const condition = gateway.conditionOf(model);
      const earlier = watched.get(name)?.condition;
      watched.set(name, { model, condition });
      if (earlier === undefined || !isSameCondition(earlier, condition)) events.publish({ type: 'model.changed', name });
      if (!wanted.has(name) && condition.state === 'asleep') watched.delete(name);
    }
  }

  while (!signal.aborted) {
    publishMeasurement();
    publishModels();
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
  }
}
