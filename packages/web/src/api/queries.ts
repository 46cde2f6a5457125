import type { ClusterClient } from '@cluster-ai/client';
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { toLoadPoints } from '../live/load-points.ts';
import { useApp } from './app-context.ts';

// The first word of each key is what an event names as stale; see live/apply-event.ts.
/** The answer also gives the client what it needs to prove that a change comes from this page. */
const meQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => cluster.getMe({ signal }), retry: false });
const signInOptionsQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['sign-in'], queryFn: ({ signal }) => cluster.getSignInOptions({ signal }), retry: false });
const statusQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => cluster.getClusterStatus({ signal }) });
const loadQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['load'], queryFn: async ({ signal }) => toLoadPoints(await cluster.getLoadHistory({ signal }), Date.now()) });
const nodesQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['nodes'], queryFn: ({ signal }) => cluster.listNodes({ signal }) });
const modelsQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['models'], queryFn: ({ signal }) => cluster.listModels({ signal }) });
const modelQuery = (cluster: ClusterClient, name: string) =>
  queryOptions({ queryKey: ['models', name], queryFn: ({ signal }) => cluster.getModel(name, { signal }) });
const foundQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['found'], queryFn: ({ signal }) => cluster.listFoundFiles({ signal }) });
export const chatQuery = (cluster: ClusterClient, id: string) =>
  queryOptions({ queryKey: ['chat', id], queryFn: ({ signal }) => cluster.getChat(id, { signal }) });
const chatsQuery = (cluster: ClusterClient, search: string) =>
  infiniteQueryOptions({
    queryKey: ['chats', search],
    queryFn: ({ signal, pageParam }) => cluster.listChats({ search, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (previous) => previous,
  });

export const useMe = () => useQuery(meQuery(useApp().cluster));
export const useSignInOptions = () => useQuery(signInOptionsQuery(useApp().cluster));
export const useStatus = () => useQuery(statusQuery(useApp().cluster));
/** What the cluster remembers of its load. */
export const useLoadHistory = () => useQuery(loadQuery(useApp().cluster));
export const useNodes = () => useQuery(nodesQuery(useApp().cluster));
export const useModels = () => useQuery(modelsQuery(useApp().cluster));
export const useModel = (name: string) => useQuery(modelQuery(useApp().cluster, name));
export const useFoundFiles = () => useQuery(foundQuery(useApp().cluster));
export const useChat = (id: string) => useQuery(chatQuery(useApp().cluster, id));
export const useChats = (search: string) => useInfiniteQuery(chatsQuery(useApp().cluster, search));
