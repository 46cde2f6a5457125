import { type ClusterEvent, type Node, parseModelReference } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';
import { type ModelGrants, mayUseModel } from './model-grants.ts';

/** The name in a reference, whoever wrote that: an agent says what it runs. */
function nameOf(reference: string): string | undefined {
  try {
    return parseModelReference(reference).name;
  } catch {
    return undefined;
  }
}

function maySeeModel(caller: ModelGrants, reference: string): boolean {
  if (caller.models === undefined && caller.ownerModels === undefined) return true;
  const name = nameOf(reference);
  return name !== undefined && mayUseModel(caller, name);
}

/** A machine, without the models on it that the caller may not use and therefore need not know of. */
export function toShownNode<Shown extends Pick<Node, 'replicas'>>(caller: ModelGrants, node: Shown): Shown {
  return { ...node, replicas: node.replicas.filter(({ model }) => maySeeModel(caller, model)) };
}

/** Whose eyes an event is for. */
type Viewer = ModelGrants & Pick<Caller, 'ownerId' | 'permissions'>;

/** What the caller is told of something that happened; `undefined` for nothing. */
export function toShownEvent(caller: Viewer, event: ClusterEvent): ClusterEvent | undefined {
  switch (event.type) {
    case 'node.changed':
      return { ...event, node: toShownNode(caller, event.node) };
    case 'model.changed':
    case 'model.removed':
      return maySeeModel(caller, event.name) ? event : undefined;
    case 'replica.changed':
      return maySeeModel(caller, event.model) ? event : undefined;
    case 'tasks.changed':
      return event.owner === caller.ownerId || caller.permissions.has('compute:manage') ? event : undefined;
    default:
      return event;
  }
}
