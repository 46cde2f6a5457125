import { type ClusterEvent, type Node, type Operation, type Permission, parseModelReference } from '@cluster-ai/contracts';
import type { NumberedEvent } from '../observability/event-bus.ts';
import type { Caller } from './caller.ts';
import { type ModelGrants, mayUseModel } from './model-grants.ts';

type Listener = ModelGrants & Pick<Caller, 'ownerId' | 'permissions'>;

/** The name in a reference, whoever wrote that: an agent says what it runs. */
function nameOf(reference: string): string | undefined {
  try {
    return parseModelReference(reference).name;
  } catch {
    return undefined;
  }
}

/** Whether the caller may know of the model that a reference names. */
export function maySeeModel(caller: ModelGrants, reference: string): boolean {
  if (caller.models === undefined && caller.ownerModels === undefined) return true;
  const name = nameOf(reference);
  return name !== undefined && mayUseModel(caller, name);
}

/** A machine, without the models on it that the caller may not use and therefore need not know of. */
export function toShownNode<Shown extends Pick<Node, 'replicas'>>(caller: ModelGrants, node: Shown): Shown {
  return { ...node, replicas: node.replicas.filter(({ model }) => maySeeModel(caller, model)) };
}

/** Whether the caller may know of work on a model. Before the source has said what it is, it has no name that could be granted. */
export function maySeeOperation(caller: ModelGrants, { model }: Pick<Operation, 'model'>): boolean {
  return model === '' || maySeeModel(caller, model);
}

/** What lets a caller read the thing itself lets it hear of that. */
const permissionOf: Readonly<Record<ClusterEvent['type'], Permission>> = {
  resync: 'cluster:read',
  'node.changed': 'nodes:read',
  'node.removed': 'nodes:read',
  'node.measured': 'nodes:read',
  'model.changed': 'models:read',
  'model.removed': 'models:read',
  'replica.changed': 'nodes:read',
  'chat.changed': 'chats:read',
  'chat.removed': 'chats:read',
  'cluster.measured': 'cluster:read',
  'operation.changed': 'models:read',
  'tasks.changed': 'tasks:read',
};

/** What the caller is told of something that happened; `undefined` for nothing. */
export function toShownEvent(caller: Listener, { event, ownerId }: Pick<NumberedEvent, 'event' | 'ownerId'>): ClusterEvent | undefined {
  if (ownerId !== undefined && ownerId !== caller.ownerId) return undefined;
  if (!caller.permissions.has(permissionOf[event.type])) return undefined;
  switch (event.type) {
    case 'node.changed':
      return { ...event, node: toShownNode(caller, event.node) };
    case 'model.changed':
    case 'model.removed':
      return maySeeModel(caller, event.name) ? event : undefined;
    case 'replica.changed':
      return maySeeModel(caller, event.model) ? event : undefined;
    case 'operation.changed':
      return maySeeOperation(caller, event.operation) ? event : undefined;
    case 'chat.changed':
    case 'chat.removed':
      return ownerId === undefined ? undefined : event; // nobody is told of a chat that is said to be nobody's
    case 'tasks.changed':
      return event.owner === caller.ownerId || caller.permissions.has('compute:manage') ? event : undefined;
    default:
      return event;
  }
}
