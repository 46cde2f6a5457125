import type { ClusterStatus, Condition, Model, Node } from '@cluster-ai/contracts';

/** The cluster in one sentence's worth of facts. */
export interface Health {
  readonly kind: 'noMachine' | 'noneReady' | 'someNotReady' | 'allGood';
  readonly machines: number;
  readonly readyMachines: number;
  readonly answeringModels: number;
}

const isReady = ({ condition }: { readonly condition: Condition }) => condition.state === 'ready';

/** Whether something waits for a person. A model that sleeps or a listener that was turned off does not; a machine to be let in does. */
export function needsAttention({ state, reason }: Condition): boolean {
  return reason === 'awaiting_approval' || state === 'degraded' || state === 'failed' || state === 'unreachable';
}

export function toHealth(nodes: readonly Node[], models: readonly Model[]): Health {
  const readyMachines = nodes.filter(isReady).length;
  const counts = { machines: nodes.length, readyMachines, answeringModels: models.filter(isReady).length };
  if (nodes.length === 0) return { kind: 'noMachine', ...counts };
  if (readyMachines === 0) return { kind: 'noneReady', ...counts };
  // A machine that was stopped or sleeps is not ready, and nothing is wrong with it.
  const isAllGood = ![...nodes, ...models].some(({ condition }) => needsAttention(condition));
  return { kind: isAllGood ? 'allGood' : 'someNotReady', ...counts };
}

export interface Attention {
  readonly kind: 'machine' | 'model' | 'listener';
  readonly id: string;
  readonly name: string;
  readonly condition: Condition;
}

/** Everything that waits for a person, machines first: their loss explains the rest. */
export function findAttention(
  nodes: readonly Node[],
  models: readonly Model[],
  listeners: ClusterStatus['listeners'],
): readonly Attention[] {
  const machines = nodes.map((node): Attention => ({ kind: 'machine', id: node.id, name: node.name, condition: node.condition }));
  const ours = models.map((model): Attention => ({ kind: 'model', id: model.name, name: model.name, condition: model.condition }));
  const doors = listeners.map(
    (listener): Attention => ({
      kind: 'listener',
      id: listener.name,
      name: `${listener.name} (${listener.address})`,
      condition: listener.condition,
    }),
  );
  return [...machines, ...ours, ...doors].filter(({ condition }) => needsAttention(condition));
}

export interface ClusterMemory {
  readonly usedBytes: number;
  readonly totalBytes: number;
}

/** Memory of the ready machines that have been measured; undefined where there is none. */
export function toMemory(nodes: readonly Node[]): ClusterMemory | undefined {
  const measured = nodes.filter((node) => isReady(node) && node.metrics && node.hardware);
  if (measured.length === 0) return undefined;
  return {
    usedBytes: measured.reduce((sum, { metrics }) => sum + (metrics?.memoryUsedBytes ?? 0), 0),
    totalBytes: measured.reduce((sum, { hardware }) => sum + (hardware?.memoryBytes ?? 0), 0),
  };
}

export interface FirstSteps {
  readonly hasChat: boolean;
  readonly hasOwnModel: boolean;
  readonly hasSecondMachine: boolean;
}

/** What a newcomer has done already. The bundled model is not one's own. */
export function toFirstSteps(nodes: readonly Node[], models: readonly Model[], chats: number): FirstSteps {
  return { hasChat: chats > 0, hasOwnModel: models.some((model) => model.name !== 'starter'), hasSecondMachine: nodes.length > 1 };
}
