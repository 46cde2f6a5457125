import { ClusterError, type Config, type Node, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Reconciler } from '../reconciler/reconciler.ts';
import type { Registry } from '../registry/registry.ts';
import { resolveModel } from './default-model.ts';
import type { Gateway, RunningModel } from './gateway.ts';
import type { RunningModels } from './running-models.ts';
import type { WaitingRoom } from './waiting-room.ts';

interface LoaderDeps {
  readonly registry: Registry;
  readonly reconciler: Reconciler;
  readonly config: Config;
  readonly clock: Clock;
  readonly room: WaitingRoom;
  readonly running: RunningModels;
  readonly list: () => readonly Node[];
}

const UNLOAD_DEADLINE_MS = 15_000;

/** Loading and unloading without a request to answer. */
export function createLoader({ registry, reconciler, config, clock, room, running, list }: LoaderDeps): Pick<Gateway, 'load' | 'unload'> {
  const { deployments, inFlight } = reconciler;

  async function load(reference: string, options: Parameters<Gateway['load']>[1]): Promise<RunningModel> {
    const model = await resolveModel(reference, registry, config.inference, options.caller);
    const deployment = deployments.ensure(model, options.engineOptions);
    const { digest } = deployment;
    const find = () => {
      if (deployments.find(digest) !== deployment)
        throw new ClusterError('conflict', phrase('unloaded_meanwhile', { model: model.reference }), {
          hint: phrase('load_it_again'),
        });
      return running.list().find(({ replica }) => replica.digest === digest);
    };
    const untilMs = clock.monotonic() + config.inference.loadTimeoutSeconds * 1000;
    deployments.hold(deployment);
    deployment.waiting += 1;
    reconciler.wake();
    try {
      return await room.wait({ digest, model: model.reference, find, untilMs, onWaiting: undefined, signal: options.signal });
    } finally {
      deployment.waiting -= 1;
      deployments.release(deployment, options.keepAliveSeconds);
      reconciler.wake();
    }
  }

  /** Copies that can go at once; a busy one goes when it is done, and nobody waits for that here. */
  function findIdleCopies(digest: string): readonly string[] {
    return list()
      .filter(({ condition }) => condition.state === 'ready' || condition.state === 'degraded')
      .flatMap(({ replicas }) => replicas)
      .filter((replica) => replica.digest === digest && !inFlight.has(replica.replicaId))
      .map(({ replicaId }) => replicaId);
  }

  async function untilGone(digest: string, copies: ReadonlySet<string>, reference: string): Promise<void> {
    const untilMs = clock.monotonic() + UNLOAD_DEADLINE_MS;
    while (findIdleCopies(digest).some((replicaId) => copies.has(replicaId))) {
      if (clock.monotonic() > untilMs)
        throw new ClusterError('engine_timeout', phrase('did_not_stop', { model: reference, seconds: UNLOAD_DEADLINE_MS / 1000 }), {
          hint: phrase('is_being_stopped'),
        });
      await room.nextRing();
    }
  }

  async function unload(reference: string): Promise<void> {
    const model = await registry.resolve(reference);
    const { digest } = model.file;
    if (deployments.find(digest)?.isConfigured === true)
      throw new ClusterError('in_use', phrase('stays_loaded', { model: model.reference }), {
        hint: phrase('take_out_of_config'),
      });
    const leaving = new Set(findIdleCopies(digest));
    reconciler.dismiss(digest, 'stopped_by_request');
    await untilGone(digest, leaving, model.reference);
  }

  return { load, unload };
}
