import { ClusterError, type Config, type ErrorCode, type InferenceUsage, isClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Caller } from '../access/caller.ts';
import { checkModelGrant } from '../access/model-grants.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { Metrics, ModelMeter } from '../observability/metrics.ts';
import type { Deployment } from '../reconciler/deployments.ts';
import type { Reconciler } from '../reconciler/reconciler.ts';
import type { Registry, ResolvedModel } from '../registry/registry.ts';
import { type BegunAnswer, callReplica } from './call-replica.ts';
import { resolveModel } from './default-model.ts';
import type { Gateway, InferenceAnswer, InferenceCall } from './gateway.ts';
import { createLoader } from './load-models.ts';
import { policies } from './policies/policies.ts';
import { createReplicaIndex, type ReadyReplica } from './replica-index.ts';
import { createRetryBudget } from './retry-budget.ts';
import { createRunningModels } from './running-models.ts';
import { createSpeeds } from './speeds.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { createWatchdog } from './watchdog.ts';

export interface GatewayDeps {
  readonly nodes: Nodes;
  readonly registry: Registry;
  readonly reconciler: Reconciler;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'forModel' | 'watchGateway'>;
  /** Told what an answer cost, so that the limits of keys hold. */
  readonly charge?: (caller: Caller, tokens: number) => void;
  readonly random?: () => number;
}

const MOST_RETRIES = 2;
/** A replica that just failed a request is asked again after this, unless it was started anew meanwhile. */
const AVOID_MS = 1000;

/** Failures before the first byte that another replica, or the same one started anew, need not share. */
const retryable: readonly ErrorCode[] = [
  'engine_crashed',
  'node_lost',
  'node_unreachable',
  'stale_order',
  'model_loading',
  'shutting_down',
];

/** Replicas that failed this request, and until when they are passed over. */
type Avoided = Map<string, { readonly readySince: string; readonly untilMs: number }>;

interface Serving {
  readonly call: InferenceCall;
  readonly model: ResolvedModel;
  readonly deployment: Deployment;
  readonly meter: ModelMeter;
  readonly avoided: Avoided;
  readonly beganMs: number;
  readonly waitUntilMs: number;
}

/** A replica that counts this request among its own until `vacate`. */
interface Taken {
  readonly replica: ReadyReplica;
  readonly vacate: () => void;
}

interface Begun extends Taken {
  readonly answer: BegunAnswer;
}

/** The one way of an inference request: find or start a replica, call it, stream, retry before the first byte. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { nodes, registry, reconciler, config, clock, log, metrics, charge = () => {}, random = Math.random } = deps;
  const policy = policies[config.inference.policy];
  const { deployments, inFlight } = reconciler;
  const list = () => nodes.list();
  const speeds = createSpeeds();
  const index = createReplicaIndex({ list, inFlight, isLeaving: reconciler.isLeaving, speeds });
  const room = createWaitingRoom({ outlook: reconciler.outlook, clock });
  const budget = createRetryBudget(() => clock.monotonic());
  const running = createRunningModels({ list, reconciler, clock });
  const callDeps = { nodes, watchdog: createWatchdog(clock), firstTokenTimeoutMs: config.inference.firstTokenTimeoutSeconds * 1000 };
  let active = 0;
  let turn = 0;

  nodes.onChange(() => {
    index.invalidate();
    room.ring();
  });
  reconciler.onLooked(() => room.ring());

  function queuedFor(deployment: Deployment): number {
    const slots = index.find(deployment.digest).reduce((total, { parallel }) => total + parallel, 0);
    return deployment.waiting + Math.max(0, deployment.inFlight - deployment.waiting - slots);
  }

  function refuseOverload(deployment: Deployment, model: ResolvedModel): void {
    const queued = queuedFor(deployment);
    if (queued < config.inference.maxQueue) return;
    throw new ClusterError('overloaded', `${queued} requests already wait for ${model.reference}.`, {
      hint: 'Try again later, or add a node.',
      details: { queued },
      retryAfterSeconds: 5,
    });
  }

  function isAvoided({ replicaId, readySince }: ReadyReplica, avoided: Avoided): boolean {
    const entry = avoided.get(replicaId);
    return entry !== undefined && entry.readySince === readySince && entry.untilMs > clock.monotonic();
  }

  function choose({ call, deployment, avoided }: Serving): ReadyReplica | undefined {
    const ready = index.find(deployment.digest);
    const candidates = avoided.size === 0 ? ready : ready.filter((replica) => !isAvoided(replica, avoided));
    if (candidates.length < 2) return candidates[0];
    const ask = { promptTokens: speeds.promptTokens(call.body.byteLength), turn: turn++ };
    return policy(candidates, ask, random)[0];
  }

  function occupy({ replicaId }: ReadyReplica): () => void {
    inFlight.set(replicaId, (inFlight.get(replicaId) ?? 0) + 1);
    return () => {
      const left = (inFlight.get(replicaId) ?? 1) - 1;
      if (left > 0) inFlight.set(replicaId, left);
      else inFlight.delete(replicaId);
    };
  }

  /** Chosen and counted in one step, so that requests that come together do not all see the same idle replica. */
  function take(serving: Serving): Taken | undefined {
    const replica = choose(serving);
    return replica && { replica, vacate: occupy(replica) };
  }

  /** Somebody unloaded what others still wait for: they want it none the less. */
  function keepWished(deployment: Deployment): void {
    if (deployments.find(deployment.digest) !== undefined) return;
    deployments.restore(deployment);
    reconciler.wake();
  }

  async function waitForReplica(serving: Serving): Promise<Taken> {
    const { deployment, model, call, waitUntilMs } = serving;
    const { onWaiting, signal } = call;
    deployment.waiting += 1;
    reconciler.wake();
    try {
      const find = () => {
        keepWished(deployment);
        return take(serving);
      };
      return await room.wait({ digest: deployment.digest, model: model.reference, find, untilMs: waitUntilMs, onWaiting, signal });
    } finally {
      deployment.waiting -= 1;
    }
  }

  function mayRetry(error: unknown, attempt: number, { call }: Serving): boolean {
    return isClusterError(error) && retryable.includes(error.code) && attempt < MOST_RETRIES && !call.signal.aborted && budget.withdraw();
  }

  function avoid(replica: ReadyReplica, { avoided, model, call }: Serving, error: unknown): void {
    avoided.set(replica.replicaId, { readySince: replica.readySince, untilMs: clock.monotonic() + AVOID_MS });
    const code = isClusterError(error) ? error.code : 'internal';
    log.info(
      { requestId: call.requestId, model: model.reference, replica: replica.replicaId, node: replica.nodeName, code },
      'A request is tried again elsewhere',
    );
  }

  /** Tries until an answer has begun; what it could not help is thrown. */
  async function begin(serving: Serving): Promise<Begun> {
    for (let attempt = 0; ; attempt++) {
      const taken = take(serving) ?? (await waitForReplica(serving));
      try {
        return { ...taken, answer: await callReplica(callDeps, serving.call, serving.model, taken.replica) };
      } catch (error) {
        taken.vacate();
        if (!mayRetry(error, attempt, serving)) throw error;
        avoid(taken.replica, serving, error);
      }
    }
  }

  function finish({ call, deployment, meter, beganMs }: Serving, usage: InferenceUsage | undefined, replica: ReadyReplica): void {
    if (usage === undefined) return;
    meter.used(usage);
    speeds.learn(speeds.of(replica.nodeId, deployment.digest), usage, call.body.byteLength);
    meter.answered((clock.monotonic() - beganMs) / 1000);
  }

  function leave({ call, deployment }: Serving): void {
    active -= 1;
    deployments.release(deployment, call.keepAliveSeconds);
    if (deployment.inFlight === 0 && call.keepAliveSeconds === 0) reconciler.wake(); // what lasts longer is seen at the next tick
  }

  function toAnswer(serving: Serving, { answer, replica, vacate }: Begun): InferenceAnswer {
    const { body } = answer;
    serving.meter.began((clock.monotonic() - serving.beganMs) / 1000);
    const usage = new Promise<InferenceUsage | undefined>((resolve) => {
      body.once('close', () => {
        vacate();
        leave(serving);
        if (body.errored && !(isClusterError(body.errored) && body.errored.code === 'cancelled')) serving.meter.failed();
        if (!body.readableEnded) return resolve(undefined);
        void answer.usage.then((measured) => {
          finish(serving, measured, replica);
          if (measured && serving.call.caller) charge(serving.call.caller, measured.promptTokens + measured.completionTokens);
          resolve(measured);
        });
      });
    });
    const node = { id: replica.nodeId, name: replica.nodeName };
    return { status: 200, contentType: answer.contentType, body, node, replicaId: replica.replicaId, model: serving.model, usage };
  }

  function admit(call: InferenceCall): Serving {
    const model = resolveModel(call.model, registry, config.inference);
    if (call.caller !== undefined) checkModelGrant(call.caller, model.name);
    const deployment = deployments.ensure(model, call.engineOptions);
    refuseOverload(deployment, model);
    const beganMs = clock.monotonic();
    const meter = metrics.forModel(model.reference);
    meter.asked(index.find(deployment.digest).length > 0);
    budget.deposit();
    deployments.hold(deployment);
    active += 1;
    return {
      call,
      model,
      deployment,
      meter,
      avoided: new Map(),
      beganMs,
      waitUntilMs: beganMs + config.inference.loadTimeoutSeconds * 1000,
    };
  }

  async function serve(call: InferenceCall): Promise<InferenceAnswer> {
    const serving = admit(call);
    try {
      return toAnswer(serving, await begin(serving));
    } catch (error) {
      if (!(isClusterError(error) && error.code === 'cancelled')) serving.meter.failed();
      leave(serving);
      throw error;
    }
  }

  const gateway: Gateway = {
    serve,
    ...createLoader({ registry, reconciler, config, clock, room, running, list }),
    running: running.list,
    conditionOf: running.conditionOf,
    measure: () => ({
      active,
      queued: deployments.list().reduce((total, deployment) => total + queuedFor(deployment), 0),
      tokensPerSecond: list().reduce((total, { metrics: measured }) => total + (measured?.tokensPerSecond ?? 0), 0),
    }),
  };
  metrics.watchGateway(gateway);
  return gateway;
}
