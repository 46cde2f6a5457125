import { type ClusterClient, createClusterClient } from '@cluster-ai/client';
import { QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { type Access, createAccess } from '../features/access/access.ts';
import { type AnswerStreams, createAnswerStreams } from '../features/chat/answer-streams.ts';
import { createLive, type Live } from '../live/live.ts';

export interface App {
  readonly cluster: ClusterClient;
  readonly queryClient: QueryClient;
  readonly live: Live;
  readonly answers: AnswerStreams;
  readonly access: Access;
}

/** Builds what all pages share. Data stay until an event says that they changed, so that nothing is fetched twice for nothing. */
export function createApp(): App {
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: { staleTime: Number.POSITIVE_INFINITY, retry: 1, retryDelay: 500, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { networkMode: 'always' },
    },
  });
  const access = createAccess({ renewProfile: () => void queryClient.invalidateQueries({ queryKey: ['me'] }) });
  const cluster = createClusterClient({ baseUrl: '', onRefused: access.hear });
  return {
    cluster,
    queryClient,
    live: createLive({ cluster, queryClient }),
    answers: createAnswerStreams({ cluster, queryClient }),
    access,
  };
}

export const AppContext = createContext<App | undefined>(undefined);

/** What all pages share. */
export function useApp(): App {
  const app = use(AppContext);
  if (!app) throw new Error('useApp outside of AppContext');
  return app;
}
