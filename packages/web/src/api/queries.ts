import type { ClusterClient, ListAuditInput } from '@cluster-ai/client';
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { toLoadPoints } from '../live/load-points.ts';
import { useApp } from './app-context.ts';

// The first word of each key is what an event names as stale; see live/apply-event.ts.
/** The answer also gives the client what it needs to prove that a change comes from this page. */
const meQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => cluster.getMe({ signal }), retry: false });
const signInOptionsQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['sign-in'], queryFn: ({ signal }) => cluster.getSignInOptions({ signal }), retry: false });
const setupQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['setup'], queryFn: ({ signal }) => cluster.isSetupOpen({ signal }), retry: false, staleTime: 0 });
const statusQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => cluster.getClusterStatus({ signal }) });
const loadQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['load'], queryFn: async ({ signal }) => toLoadPoints(await cluster.getLoadHistory({ signal }), Date.now()) });
export const nodesQuery = (cluster: ClusterClient) =>
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

const rolesQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['roles'], queryFn: async ({ signal }) => (await cluster.listRoles({ signal })).roles });
const accessQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['access'], queryFn: ({ signal }) => cluster.getAccessState({ signal }), staleTime: 0 });
const configQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['config'], queryFn: ({ signal }) => cluster.getConfig({ signal }) });
// No event says that these changed: they are asked for anew whenever their page opens.
const keysQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => cluster.listKeys({ signal }), staleTime: 0, refetchInterval: 10_000 });
const keyUsageQuery = (cluster: ClusterClient, id: string) =>
  queryOptions({
    queryKey: ['keys', id, 'usage'],
    queryFn: ({ signal }) => cluster.getKeyUsage(id, { signal }),
    staleTime: 0,
    refetchInterval: 15_000,
  });
const certificatesQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['certificates'], queryFn: ({ signal }) => cluster.listCertificates({ signal }), staleTime: 0 });
const peopleQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['people'], queryFn: ({ signal }) => cluster.listPeople({ signal }), staleTime: 0 });
const personQuery = (cluster: ClusterClient, id: string) =>
  queryOptions({ queryKey: ['people', id], queryFn: ({ signal }) => cluster.getPerson(id, { signal }), staleTime: 0 });
const personUsageQuery = (cluster: ClusterClient, id: string) =>
  queryOptions({
    queryKey: ['people', id, 'usage'],
    queryFn: ({ signal }) => cluster.getPersonUsage(id, { signal }),
    staleTime: 0,
    refetchInterval: 15_000,
  });
const ownUsageQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['usage'], queryFn: ({ signal }) => cluster.getOwnUsage({ signal }), staleTime: 0, refetchInterval: 15_000 });
/** Asked for often while keys are being replaced. */
const secretsQuery = (cluster: ClusterClient) =>
  queryOptions({
    queryKey: ['secrets'],
    queryFn: ({ signal }) => cluster.getSecrets({ signal }),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data && data.rotations.length > 0 ? 1500 : false),
  });
const sessionsQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['sessions'], queryFn: ({ signal }) => cluster.listSessions({ signal }), staleTime: 0 });
const passkeysQuery = (cluster: ClusterClient) =>
  queryOptions({ queryKey: ['passkeys'], queryFn: ({ signal }) => cluster.listPasskeys({ signal }), staleTime: 0 });
const auditQuery = (cluster: ClusterClient, filter: ListAuditInput) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) => cluster.listAudit({ ...filter, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (previous) => previous,
    staleTime: 0,
  });

export const useMe = () => useQuery(meQuery(useApp().cluster));
export const useSignInOptions = () => useQuery(signInOptionsQuery(useApp().cluster));
/** Whether nobody has a login yet. */
export const useIsSetupOpen = () => useQuery(setupQuery(useApp().cluster));
export const useStatus = () => useQuery(statusQuery(useApp().cluster));
/** What the cluster remembers of its load. */
export const useLoadHistory = () => useQuery(loadQuery(useApp().cluster));
export const useNodes = () => useQuery(nodesQuery(useApp().cluster));
export const useModels = () => useQuery(modelsQuery(useApp().cluster));
export const useModel = (name: string) => useQuery(modelQuery(useApp().cluster, name));
export const useFoundFiles = () => useQuery(foundQuery(useApp().cluster));
export const useChat = (id: string) => useQuery(chatQuery(useApp().cluster, id));
export const useChats = (search: string) => useInfiniteQuery(chatsQuery(useApp().cluster, search));
export const useRoles = () => useQuery(rolesQuery(useApp().cluster));
/** Who comes in without a credential, and why. */
export const useAccessState = () => useQuery(accessQuery(useApp().cluster));
export const useConfig = () => useQuery(configQuery(useApp().cluster));
export const useKeys = () => useQuery(keysQuery(useApp().cluster));
/** What a key has used, and how much of its limits that is. */
export const useKeyUsage = (id: string) => useQuery(keyUsageQuery(useApp().cluster, id));
export const useCertificates = () => useQuery(certificatesQuery(useApp().cluster));
/** Everybody who has a login; not asked for where one may not see them. */
export const usePeople = (isAllowed = true) => useQuery({ ...peopleQuery(useApp().cluster), enabled: isAllowed });
/** One person or service account, by id. */
export const usePerson = (id: string) => useQuery(personQuery(useApp().cluster, id));
/** What a person or service account has used with all keys. */
export const usePersonUsage = (id: string) => useQuery(personUsageQuery(useApp().cluster, id));
export const useOwnUsage = () => useQuery(ownUsageQuery(useApp().cluster));
/** Which secrets and keys there are, and what is being replaced. Never a value. */
export const useSecrets = () => useQuery(secretsQuery(useApp().cluster));
export const useSessions = () => useQuery(sessionsQuery(useApp().cluster));
export const usePasskeys = () => useQuery(passkeysQuery(useApp().cluster));
export const useAudit = (filter: ListAuditInput) => useInfiniteQuery(auditQuery(useApp().cluster, filter));
