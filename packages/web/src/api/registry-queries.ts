import type { ClusterClient } from '@cluster-ai/client';
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ListSearch, toSearchInput } from '../features/registry/list-search.ts';
import { useApp } from './app-context.ts';

// Keys begin with `registry`, so that an event about models makes all of them stale; see live/apply-event.ts.
const catalogQuery = (cluster: ClusterClient, search: ListSearch) =>
  infiniteQueryOptions({
    queryKey: ['registry', 'list', search],
    queryFn: ({ signal, pageParam }) => cluster.searchModels({ ...toSearchInput(search), cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (previous) => previous,
  });
const detailsQuery = (cluster: ClusterClient, name: string) =>
  queryOptions({ queryKey: ['registry', 'model', name], queryFn: ({ signal }) => cluster.getCatalogModel(name, { signal }) });
const versionsQuery = (cluster: ClusterClient, name: string) =>
  infiniteQueryOptions({
    queryKey: ['registry', 'model', name, 'versions'],
    queryFn: ({ signal, pageParam }) => cluster.listVersions(name, pageParam === undefined ? {} : { cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
const historyQuery = (cluster: ClusterClient, name: string, alias: string) =>
  queryOptions({
    queryKey: ['registry', 'model', name, 'history', alias],
    queryFn: ({ signal }) => cluster.getAliasHistory(name, alias, { signal }),
  });
const diffQuery = (cluster: ClusterClient, name: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['registry', 'model', name, 'diff', from, to],
    queryFn: ({ signal }) => cluster.diffVersions(name, from, to, { signal }),
  });

/** Models of the registry, narrowed as the page's address says. */
export const useCatalog = (search: ListSearch) => useInfiniteQuery(catalogQuery(useApp().cluster, search));
export const useCatalogModel = (name: string) => useQuery(detailsQuery(useApp().cluster, name));
export const useCatalogVersions = (name: string) => useInfiniteQuery(versionsQuery(useApp().cluster, name));
export const useAliasHistory = (name: string, alias: string) => useQuery(historyQuery(useApp().cluster, name, alias));
export const useVersionDiff = (name: string, from: string, to: string) =>
  useQuery({ ...diffQuery(useApp().cluster, name, from, to), enabled: from !== '' });
const operationsQuery = (cluster: ClusterClient) =>
  queryOptions({
    queryKey: ['operations'],
    queryFn: ({ signal }) => cluster.listOperations({ signal }),
    staleTime: 0,
    // what moves is looked at each second, what rests is not
    refetchInterval: ({ state }) => (state.data?.some(({ endedAt }) => endedAt === null) ? 1000 : false),
  });
/** Imports and other long work of the cluster. */
export const useOperations = () => useQuery(operationsQuery(useApp().cluster));
