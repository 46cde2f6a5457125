import type { Task, TaskState } from '@cluster-ai/contracts';

// Written out, not taken from the contracts: the router needs this file at the start, and the page's code would grow with theirs.
export const taskStates = ['queued', 'submitted', 'running', 'cancelling', 'done', 'failed', 'cancelled'] as const satisfies TaskState[];

/** Whether it may still change by itself. */
export const isUnderWay = ({ state }: Pick<Task, 'state'>): boolean =>
  state === 'queued' || state === 'submitted' || state === 'running' || state === 'cancelling';

/** What the page's address says of the list. */
export interface TaskSearch {
  readonly state?: TaskState;
}

/** Reads the page's address; what is no state is left out. */
export function toTaskSearch(search: Readonly<Record<string, unknown>>): TaskSearch {
  const state = taskStates.find((one) => one === search['state']);
  return state === undefined ? {} : { state };
}
