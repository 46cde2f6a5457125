import { hostname } from 'node:os';
import { type AgentMessage, type AgentStart, ClusterError, toClusterError, toWireError } from '@cluster-ai/contracts';
import { backoffMs, type Clock, type DataFolder, type Logger, newId } from '@cluster-ai/runtime';
import type { LazyCompute } from '../dask/lazy-compute.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { Replicas } from '../replicas/replicas.ts';
import type { Weights } from '../weights/weights.ts';
import { createAgentApi } from './agent-api.ts';
import { renewIdentity } from './blob-client.ts';
import { forgetIdentity, type Identity, lifeOf, loadIdentity, saveIdentity } from './identity.ts';
import { joinCluster } from './join.ts';
import { type LinkConnection, openLinkConnection } from './link-connection.ts';

const firstPauseMs = 250;
const longestPauseMs = 5000;
const pauseBeforeRenewingAgainMs = 60_000;

export interface OpenLinkOptions {
  readonly start: Pick<AgentStart, 'linkAddress' | 'token' | 'name'>;
  readonly folder: DataFolder;
  readonly replicas: Replicas;
  readonly weights: Weights;
  readonly hardware: Hardware;
  /** Left out: this node takes no part in computing. */
  readonly compute?: LazyCompute | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Told of `connected` and `disconnected`, for whoever supervises this process. */
  readonly onState?: (message: AgentMessage) => void;
}

export interface Link extends AsyncDisposable {
  readonly nodeId: string;
  readonly name: string;
  /** Resolves when the node was removed from its cluster: this agent has nothing left to do. */
  readonly removed: Promise<void>;
}

/** The stored identity, or a new one by the token. Throws what `joinCluster` throws, and `join_token_invalid` without a token. */
async function takeIdentity({ start, folder, version, log }: OpenLinkOptions, signal: AbortSignal): Promise<Identity> {
  const stored = loadIdentity(folder);
  if (stored) {
    if (start.linkAddress === undefined || start.linkAddress === stored.address) return stored;
    const moved = { ...stored, address: start.linkAddress };
    saveIdentity(folder, moved);
    return moved;
  }
  if (start.token === undefined || start.linkAddress === undefined)
    throw new ClusterError('join_token_invalid', 'This machine has not joined a cluster yet, and no join token was given.', {
      hint: 'Run the line that `cluster-ai nodes invite` prints on the control plane’s machine.',
    });
  const wish = { address: start.linkAddress, token: start.token, name: start.name ?? hostname(), version };
  const joined = await joinCluster(wish, signal);
  saveIdentity(folder, joined);
  log.info({ nodeId: joined.nodeId, cluster: joined.clusterName }, 'This machine joined a cluster');
  return joined;
}

/** Joins if that is still to be done, then keeps this node connected until it is disposed. Throws only while it joins. */
export async function openLink(options: OpenLinkOptions, signal: AbortSignal): Promise<Link> {
  const { folder, clock, log, onState = () => {} } = options;
  const ending = new AbortController();
  const running = AbortSignal.any([signal, ending.signal]);
  const saysGoodbye = new AbortController();
  const { promise: removed, resolve: remove } = Promise.withResolvers<void>();
  let identity = await takeIdentity(options, signal);
  let current: LinkConnection | undefined;

  const api = createAgentApi({
    ...options,
    incarnation: newId('inc', clock.now()),
    signal: saysGoodbye.signal,
    onStop() {
      log.warn({}, 'This node was removed from its cluster; the agent stops');
      forgetIdentity(folder);
      ending.abort(new Error('The node was removed'));
      remove();
    },
  });

  const renew = async () => {
    identity = await renewIdentity(identity, running);
    saveIdentity(folder, identity);
    log.info({ endsAt: new Date(lifeOf(identity).endsAtMs).toISOString() }, 'The certificate of this node was renewed');
  };

  /** Resolves when a new link is wanted: this one is over, or there is a new certificate. */
  const untilReplaced = async (connection: LinkConnection) => {
    const over = new AbortController();
    const isOver = AbortSignal.any([running, over.signal]);
    const renewed = async (): Promise<'renewed'> => {
      for (let waitMs = lifeOf(identity).renewAtMs - clock.now(); ; waitMs = pauseBeforeRenewingAgainMs) {
        await clock.sleep(Math.max(0, waitMs), isOver);
        try {
          await renew();
          return 'renewed';
        } catch (error) {
          log.warn({ error: toClusterError(error).message }, 'The certificate of this node could not be renewed yet');
        }
      }
    };
    const aborted = new Promise<'aborted'>((resolve) => isOver.addEventListener('abort', () => resolve('aborted'), { once: true }));
    const why = await Promise.race([connection.over, renewed().catch(() => 'aborted' as const), aborted]);
    over.abort(new Error('A new link is wanted'));
    return why;
  };

  const connectOnce = async () => {
    if (lifeOf(identity).endsAtMs <= clock.now()) await renew();
    const next = await openLinkConnection({ identity, handle: api.handle, clock, log }, running);
    current?.retire(); // the control plane drains and closes it once the new one is there
    current = next;
    let wasWelcome = false;
    void next.welcomed.then(() => {
      wasWelcome = true;
      onState({ type: 'connected', nodeId: identity.nodeId, name: identity.name });
      log.info({ address: identity.address }, 'Connected to the control plane');
    });
    const why = await untilReplaced(next);
    if (why === 'closed' || why === 'silent') {
      current = undefined;
      const message =
        why === 'silent' ? 'The control plane sent no heartbeat for five seconds.' : 'The control plane closed the connection.';
      if (wasWelcome) onState({ type: 'disconnected', message });
      log.warn({ why }, 'The link to the control plane is over');
    }
    return { wasWelcome, pause: why !== 'renewed' };
  };

  const keepConnected = async () => {
    let attempt = 0;
    while (!running.aborted) {
      const { wasWelcome, pause } = await connectOnce().catch((error: unknown) => {
        if (!running.aborted) log.warn({ error: toWireError(error).message, attempt }, 'The control plane cannot be reached');
        return { wasWelcome: false, pause: true };
      });
      if (wasWelcome) attempt = 0;
      const jitter = 0.5 + Math.random() / 2;
      if (pause) await clock.sleep(backoffMs(attempt++, firstPauseMs, longestPauseMs) * jitter, running).catch(() => {});
    }
  };
  const keeping = keepConnected();

  return {
    nodeId: identity.nodeId,
    name: identity.name,
    removed,
    async [Symbol.asyncDispose]() {
      saysGoodbye.abort(new ClusterError('shutting_down', 'The agent is stopping.'));
      await current?.finish();
      ending.abort(new ClusterError('shutting_down', 'The agent is stopping.'));
      await keeping;
      api[Symbol.dispose]();
    },
  };
}
