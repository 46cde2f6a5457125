import { type ClusterClient, createClusterClient } from '@cluster-ai/client';
import { isClusterError } from '@cluster-ai/contracts';
import { QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { type AnswerStreams, createAnswerStreams } from '../features/chat/answer-streams.ts';
import { createUploads, type Uploads } from '../features/registry/uploads.ts';
import { createLive, type Live } from '../live/live.ts';
import { createSessionWatch, type SessionWatch } from './session-watch.ts';

/** What was refused is refused again. */
const mayHelpAgain = (failures: number, error: Error) => failures < 1 && !(isClusterError(error) && error.status < 500);

export interface App {
  readonly cluster: ClusterClient;
  readonly queryClient: QueryClient;
  readonly live: Live;
  readonly answers: AnswerStreams;
  readonly session: SessionWatch;
  readonly uploads: Uploads;
}

/** Builds what all pages share. Data stay until an event says that they changed, so that nothing is fetched twice for nothing. */
export function createApp(): App {
  const session = createSessionWatch();
  const cluster = createClusterClient({ baseUrl: '', onRefused: session.hear });
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY,
        retry: mayHelpAgain,
        retryDelay: 500,
        refetchOnWindowFocus: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
  return {
    cluster,
    queryClient,
    live: createLive({ cluster, queryClient }),
    answers: createAnswerStreams({ cluster, queryClient }),
    session,
    uploads: createUploads({ cluster, queryClient }),
  };
}

export const AppContext = createContext<App | undefined>(undefined);

/** What all pages share. */
export function useApp(): App {
  const app = use(AppContext);
  if (!app) throw new Error('useApp outside of AppContext');
  return app;
}
