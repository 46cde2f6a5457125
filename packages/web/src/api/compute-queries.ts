import type { ClusterClient } from '@cluster-ai/client';
import type { TaskState } from '@cluster-ai/contracts';
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { isUnderWay } from '../features/tasks/task-words.ts';
import { useApp } from './app-context.ts';

// Nothing tells of each step of a task or worker: while something moves it is asked for often, and else now and then.
const BUSY_MS = 1500;
const CALM_MS = 10_000;

const computeQuery = (cluster: ClusterClient) =>
  queryOptions({
    queryKey: ['compute'],
    queryFn: ({ signal }) => cluster.getComputeStatus({ signal }),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) =>
      data?.isEnabled && (data.condition.state !== 'ready' || data.workers.some(({ running }) => running > 0)) ? BUSY_MS : CALM_MS,
  });
const tasksQuery = (cluster: ClusterClient, state: TaskState | undefined) =>
  infiniteQueryOptions({
    queryKey: ['tasks', 'list', state ?? 'all'],
    queryFn: ({ signal, pageParam }) =>
      cluster.listTasks(
        { limit: 50, ...(state === undefined ? {} : { state }), ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (previous) => previous,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.pages.some(({ tasks }) => tasks.some(isUnderWay)) ? BUSY_MS : CALM_MS),
  });
const taskQuery = (cluster: ClusterClient, id: string) =>
  queryOptions({
    queryKey: ['tasks', id],
    queryFn: ({ signal }) => cluster.getTask(id, { signal }),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data && !isUnderWay(data) ? false : BUSY_MS),
  });
const taskLogQuery = (cluster: ClusterClient, id: string, isMoving: boolean) =>
  queryOptions({
    queryKey: ['tasks', id, 'log'],
    queryFn: ({ signal }) => cluster.getTaskLog(id, { signal }),
    staleTime: 0,
    refetchInterval: isMoving ? BUSY_MS : false,
  });

/** The Dask cluster: its parts, workers and pools. */
export const useCompute = () => useQuery(computeQuery(useApp().cluster));
/** Tasks, newest first, page by page; of one state or of all. */
export const useTasks = (state: TaskState | undefined) => useInfiniteQuery(tasksQuery(useApp().cluster, state));
export const useTask = (id: string) => useQuery(taskQuery(useApp().cluster, id));
export const useTaskLog = (id: string, isMoving: boolean) => useQuery(taskLogQuery(useApp().cluster, id, isMoving));
