import { ClusterError, phrase, type TaskRequest } from '@cluster-ai/contracts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isReference = (value: object): value is { readonly $task: string } =>
  Object.keys(value).length === 1 && typeof (value as { $task?: unknown }).$task === 'string';

/** Every `{ "$task": ID }` in a value. A loop, not a recursion: arguments may be nested deeply. */
export function findReferences(value: unknown): readonly string[] {
  const found = new Set<string>();
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (isReference(next)) found.add(next.$task);
    else waiting.push(...Object.values(next));
  }
  return [...found];
}

/** The value with each reference replaced. */
export function replaceReferences(value: unknown, replacement: (id: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isReference(value)) return replacement(value.$task);
  if (Array.isArray(value)) return value.map((each) => replaceReferences(each, replacement));
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>).map(([key, each]) => [key, replaceReferences(each, replacement)]),
  );
}

/** Where arguments of a task may refer to others. */
export function argumentsOf({ type, input }: TaskRequest): unknown {
  if (type === 'python') return [input.args, input.kwargs, input.items ?? []];
  return type === 'javascript' ? [input.args, input.items ?? []] : [];
}

/** Throws `invalid_request` when tasks of one call wait for each other. Others cannot: they were there before. */
export function checkNoCircle(tasks: readonly { readonly id: string; readonly dependsOn: readonly string[] }[]): void {
  const open = new Map(tasks.map(({ id, dependsOn }) => [id, new Set(dependsOn)]));
  for (const [id, needs] of open) for (const need of needs) if (!open.has(need) && need !== id) needs.delete(need);
  const waiters = new Map<string, string[]>();
  for (const [id, needs] of open)
    for (const need of needs) {
      const known = waiters.get(need);
      if (known) known.push(id);
      else waiters.set(need, [id]);
    }
  const free = [...open].filter(([, needs]) => needs.size === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    open.delete(id);
    for (const waiter of waiters.get(id) ?? []) {
      const needs = open.get(waiter);
      needs?.delete(id);
      if (needs?.size === 0) free.push(waiter);
    }
  }
  if (open.size === 0) return;
  throw new ClusterError('invalid_request', phrase('task_circle', { ids: [...open.keys()].slice(0, 10).join(', ') }), {
    param: 'dependsOn',
  });
}
