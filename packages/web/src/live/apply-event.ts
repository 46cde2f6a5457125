import type { ClusterEvent, ClusterStatus, Node } from '@cluster-ai/contracts';

/** The nodes after an event; the same array where it does not concern them. */
export function applyToNodes(nodes: readonly Node[], event: ClusterEvent): readonly Node[] {
  switch (event.type) {
    case 'node.changed':
      return upsertNode(nodes, event.node);
    case 'node.measured':
      return nodes.map((node) => (node.id === event.node.id ? { ...node, ...event.node } : node));
    case 'node.removed':
      return nodes.filter((node) => node.id !== event.nodeId);
    default:
      return nodes;
  }
}

type ChangedNode = Extract<ClusterEvent, { type: 'node.changed' }>['node'];

function upsertNode(nodes: readonly Node[], changed: ChangedNode): readonly Node[] {
  if (nodes.some((node) => node.id === changed.id)) return nodes.map((node) => (node.id === changed.id ? { ...node, ...changed } : node));
  return [...nodes, { ...changed, metrics: null, metricsAt: null, lastSeenAt: null, roundTripMs: null }];
}

/** The counters after an event. */
export function applyToStatus(status: ClusterStatus, event: ClusterEvent): ClusterStatus {
  if (event.type !== 'cluster.measured') return status;
  const { tokensPerSecond, activeRequests, queuedRequests } = event;
  return { ...status, tokens_per_second: tokensPerSecond, active_tasks: activeRequests, queued_tasks: queuedRequests };
}

/** What has to be fetched again because an event says only that it changed. The first word of each is that of its query. */
export type Stale =
  | 'everything'
  | readonly ['status']
  | readonly ['models']
  | readonly ['registry']
  | readonly ['operations']
  | readonly ['tasks']
  | readonly ['chats']
  | readonly ['chat', string];

export function findStale(event: ClusterEvent): readonly Stale[] {
  switch (event.type) {
    case 'resync':
      return ['everything'];
    case 'node.changed':
    case 'node.removed':
      return [['status'], ['models']];
    case 'model.changed':
    case 'model.removed':
      return [['models'], ['registry'], ['status']];
    case 'replica.changed':
      return [['models'], ['status']];
    case 'chat.changed':
      return [['chats'], ['chat', event.chatId]];
    case 'chat.removed':
      return [['chats']];
    case 'node.measured':
    case 'cluster.measured':
      return [];
    case 'operation.changed':
      return [['operations']];
    case 'tasks.changed':
      return [['tasks']];
  }
}
