import type { WireError } from './errors.ts';
import type { Listener } from './native-api.ts';

/** What the processes of one machine tell their supervisor (`cluster-ai up`, `join`) over their IPC channel. */
export type ControlPlaneMessage =
  | {
      readonly type: 'ready';
      /** Base address of the main listener, for example `http://127.0.0.1:3000`, or `https://…` with TLS. */
      readonly url: string;
      /** host:port where agents dial. */
      readonly linkAddress: string;
      readonly clusterName: string;
      readonly listeners: readonly Listener[];
      /** A one-use token for the agent of this machine; absent when that agent has joined before. */
      readonly localJoin?: { readonly address: string; readonly token: string };
      /** The one-use link for the first admin, while there is nobody who can sign in. */
      readonly setup?: { readonly url: string; readonly expiresAt: string };
    }
  | { readonly type: 'failed'; readonly error: WireError };

export type AgentMessage =
  | { readonly type: 'connected'; readonly nodeId: string; readonly name: string }
  | { readonly type: 'disconnected'; readonly message: string }
  | { readonly type: 'failed'; readonly error: WireError };

/** What the control plane's process is started with, as JSON in its environment. */
export interface ControlPlaneStart {
  readonly dataFolder: string;
  /** Values from the command line, which win over the file. */
  readonly port?: number;
  readonly ollamaPort?: number;
  readonly registryPort?: number;
  readonly linkPort?: number;
  readonly logLevel?: string;
  readonly insecurePlainHttpOnNetwork?: boolean;
  readonly version: string;
}

/** What the agent's process is started with, as JSON in its environment. */
export interface AgentStart {
  readonly dataFolder: string;
  /** host:port of the control plane's link; the stored one when left out. */
  readonly linkAddress?: string;
  /** Joins with this token unless the folder holds an identity already. */
  readonly token?: string;
  readonly name?: string;
  readonly logLevel?: string;
  readonly version: string;
  /** True for the agent of the control plane's own machine. */
  readonly isLocal?: boolean;
}
