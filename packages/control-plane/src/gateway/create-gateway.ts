import { ClusterError, type Config, type InferenceUsage, isClusterError, phrase, toClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { checkModelGrant } from '../access/model-grants.ts';
import type { Quotas } from '../access/quotas/open-quotas.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { Metrics } from '../observability/metrics.ts';
import { logOperation } from '../observability/operation-log.ts';
import type { Deployment } from '../reconciler/deployments.ts';
import type { Reconciler } from '../reconciler/reconciler.ts';
import { applyPresets } from '../registry/presets/apply-presets.ts';
import type { ModelPresets } from '../registry/presets/presets.ts';
import type { Registry, ResolvedModel } from '../registry/registry.ts';
import { createAnswerRecords } from './answer-records.ts';
import { callReplica } from './call-replica.ts';
import { resolveModel } from './default-model.ts';
import type { Gateway, InferenceAnswer, InferenceCall } from './gateway.ts';
import { toAllowedKeepAlive } from './keep-alive-wish.ts';
import { createLoader } from './load-models.ts';
import { createMender } from './mend-answers.ts';
import { policies } from './policies/policies.ts';
import { createReplicaIndex, type ReadyReplica } from './replica-index.ts';
import { continuationShare, createRetryBudget, retryShare } from './retry-budget.ts';
import { createRunningModels } from './running-models.ts';
import type { Begun, Serving, Taken } from './serving.ts';
import { createSpeeds } from './speeds.ts';
import { createTries } from './tries.ts';
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
  /** What callers may use; left out where nobody's use is counted. */
  readonly quotas?: Pick<Quotas, 'begin' | 'charge'>;
  /** What came with models beside their weights; left out where nothing can have come. */
  readonly presets?: ModelPresets;
  readonly random?: () => number;
}

/** Somebody closed the answer without a word. */
const left = () => new ClusterError('cancelled', 'The caller went away.');

/** The one way of an inference request: find or start a replica, call it, stream, retry before the first byte and continue after it. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { nodes, registry, reconciler, config, clock, log, metrics, quotas, presets, random = Math.random } = deps;
  const policy = policies[config.inference.policy];
  const { deployments, inFlight } = reconciler;
  const list = () => nodes.list();
  const speeds = createSpeeds();
  const index = createReplicaIndex({ list, inFlight, isLeaving: reconciler.isLeaving, speeds });
  const room = createWaitingRoom({ outlook: reconciler.outlook, clock });
  const monotonic = () => clock.monotonic();
  const retries = createRetryBudget(monotonic, retryShare);
  const continuations = createRetryBudget(monotonic, continuationShare);
  const running = createRunningModels({ list, reconciler, clock });
  const callDeps = {
    nodes,
    records: createAnswerRecords(monotonic),
    watchdog: createWatchdog(clock),
    firstTokenTimeoutMs: config.inference.firstTokenTimeoutSeconds * 1000,
  };
  const loadTimeoutMs = config.inference.loadTimeoutSeconds * 1000;
  const mender = createMender({ begin, passOver, budget: continuations, clock, loadTimeoutMs });
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
    throw new ClusterError('overloaded', phrase('queue_is_full', { count: queued, model: model.reference }), {
      hint: phrase('try_later'),
      details: { queued },
      retryAfterSeconds: 5,
    });
  }

  function choose({ call, deployment, tries }: Serving): ReadyReplica | undefined {
    const candidates = tries.among(index.find(deployment.digest));
    if (candidates.length < 2) return candidates[0];
    const ask = { promptTokens: speeds.promptTokens(call.body.byteLength), turn: turn++ };
    return policy(candidates, ask, random)[0];
  }

  function occupy({ replicaId }: ReadyReplica): () => void {
    inFlight.set(replicaId, (inFlight.get(replicaId) ?? 0) + 1);
    let isOccupied = true;
    return () => {
      if (!isOccupied) return;
      isOccupied = false;
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

  function passOver(replica: ReadyReplica, { tries, model, call, leg }: Serving, error: ClusterError): void {
    tries.avoid(replica);
    const { replicaId, nodeName } = replica;
    const facts = { requestId: call.requestId, model: model.reference, replica: replicaId, node: nodeName, code: error.code };
    if (leg === 'first') log.info(facts, 'A request is tried again elsewhere');
    else log.info(facts, 'An answer that broke off is continued elsewhere');
  }

  /** Tries until an answer has begun; what it could not help is thrown. */
  async function begin(serving: Serving): Promise<Begun> {
    const { call, leg, model, tries, budget } = serving;
    for (;;) {
      const taken = take(serving) ?? (await waitForReplica(serving));
      try {
        return { ...taken, answer: await callReplica(callDeps, { call, leg, model, replica: taken.replica }) };
      } catch (error) {
        taken.vacate();
        if (call.signal.aborted || !tries.allow(error, budget)) throw error;
        passOver(taken.replica, serving, toClusterError(error));
      }
    }
  }

  /** `replica` is the one that did all of it; where there were several, nobody's speed is learnt. */
  function finish(
    { call, deployment, meter, beganMs }: Serving,
    usage: InferenceUsage | undefined,
    replica: ReadyReplica | undefined,
  ): void {
    if (usage === undefined) return;
    meter.used(usage);
    if (replica) speeds.learn(speeds.of(replica.nodeId, deployment.digest), usage, call.body.byteLength);
    meter.answered((clock.monotonic() - beganMs) / 1000);
  }

  function leave({ call, deployment }: Serving): void {
    active -= 1;
    const keepAliveSeconds = toAllowedKeepAlive(call.keepAliveSeconds, call.caller, config.inference.keepAliveSeconds);
    deployments.release(deployment, keepAliveSeconds);
    if (deployment.inFlight === 0 && keepAliveSeconds === 0) reconciler.wake(); // what lasts longer is seen at the next tick
  }

  /** One line for each request, whoever sent it and however it ended. */
  function logInference({ call, model, beganMs }: Serving, error: unknown, isWhole: boolean, by?: Begun): void {
    logOperation(log, {
      operation: 'inference',
      model: model.name,
      version: String(model.version.version),
      user: call.caller?.name ?? 'cluster',
      durationMs: clock.monotonic() - beganMs,
      error: error ?? (isWhole ? undefined : left()),
      requestId: call.requestId,
      facts: { path: call.path, ...(by === undefined ? {} : { node: by.replica.nodeName }) },
    });
  }

  function charge({ call }: Serving, tokens: number): void {
    if (call.caller !== undefined) quotas?.charge(call.caller, tokens);
  }

  /** Of an answer whose caller left before its end, which is when it is measured: else leaving early would make it free. An event is a token, about. */
  const estimateTokens = ({ call }: Serving, { record }: Begun['answer']['body']) =>
    Math.ceil(speeds.promptTokens(call.body.byteLength)) + (record?.events ?? 0);

  /** `body` is the caller's, whoever fills it. */
  function toAnswer(serving: Serving, begun: Begun): InferenceAnswer {
    const { body, contentType } = begun.answer;
    let current = begun;
    serving.meter.began((clock.monotonic() - serving.beganMs) / 1000);

    async function goOn(failure: ClusterError): Promise<void> {
      current.vacate();
      const next = await mender.mend(serving, body, current.replica, failure);
      if (next === undefined) return body.complete();
      if (body.destroyed) {
        next.answer.body.destroy();
        return next.vacate();
      }
      current = next;
      serving.meter.continued();
      body.continueWith(next.answer.body);
    }
    if (body.record) body.onBreak = (failure) => void goOn(failure).catch((error) => body.destroy(error));

    const usage = new Promise<InferenceUsage | undefined>((resolve) => {
      body.once('close', () => {
        current.vacate();
        leave(serving);
        logInference(serving, body.errored ?? undefined, body.readableEnded, current);
        const isOurFailure = body.errored !== null && !(isClusterError(body.errored) && body.errored.code === 'cancelled');
        if (isOurFailure) serving.meter.failed();
        if (!body.readableEnded) {
          if (!isOurFailure) charge(serving, estimateTokens(serving, body));
          return resolve(undefined);
        }
        void current.answer.usage.then((measured) => {
          finish(serving, measured, current === begun ? begun.replica : undefined);
          charge(serving, measured ? measured.promptTokens + measured.completionTokens : estimateTokens(serving, body));
          resolve(measured);
        });
      });
    });
    return {
      status: 200,
      contentType,
      body,
      get node() {
        return { id: current.replica.nodeId, name: current.replica.nodeName };
      },
      get replicaId() {
        return current.replica.replicaId;
      },
      model: serving.model,
      usage,
    };
  }

  async function admit(call: InferenceCall): Promise<Serving> {
    const model = await resolveModel(call.model, registry, config.inference, call.caller);
    if (call.caller !== undefined) {
      checkModelGrant(call.caller, model.name);
      quotas?.begin(call.caller);
    }
    const deployment = deployments.ensure(model, call.engineOptions);
    refuseOverload(deployment, model);
    const beganMs = clock.monotonic();
    const meter = metrics.forModel(model.reference);
    meter.asked(index.find(deployment.digest).length > 0);
    retries.deposit();
    continuations.deposit();
    deployments.hold(deployment);
    active += 1;
    return {
      call,
      leg: 'first',
      model,
      deployment,
      meter,
      tries: createTries(monotonic),
      budget: retries,
      beganMs,
      waitUntilMs: beganMs + loadTimeoutMs,
    };
  }

  /** Whether something came with the model beside its weights; the body of most requests goes on as it is. */
  const mayHavePresets = ({ call, model }: Serving) => model.version.files.length > 1 && call.path !== '/v1/embeddings';

  async function withPresets(admitted: Serving, known: ModelPresets): Promise<Serving> {
    const { call, model } = admitted;
    const found = await known.of(model.version);
    const body = applyPresets(JSON.parse(Buffer.from(call.body).toString('utf8')) as Record<string, unknown>, found);
    return { ...admitted, call: { ...call, body: Buffer.from(JSON.stringify(body)) } };
  }

  async function serve(call: InferenceCall): Promise<InferenceAnswer> {
    let serving = await admit(call);
    try {
      if (presets !== undefined && mayHavePresets(serving)) serving = await withPresets(serving, presets);
      return toAnswer(serving, await begin(serving));
    } catch (error) {
      if (!(isClusterError(error) && error.code === 'cancelled')) serving.meter.failed();
      leave(serving);
      logInference(serving, error, false);
      throw error;
    }
  }

  const loader = createLoader({ registry, reconciler, config, clock, room, running, list });
  const load: Gateway['load'] = async (reference, options) => {
    const startedAt = clock.monotonic();
    const end = (model: string, version: number | undefined, error?: unknown) =>
      logOperation(log, {
        operation: 'load',
        model,
        version: version === undefined ? undefined : String(version),
        user: options.caller?.name ?? 'cluster',
        durationMs: clock.monotonic() - startedAt,
        error,
      });
    try {
      const loaded = await loader.load(reference, options);
      end(loaded.model.name, loaded.model.version.version);
      return loaded;
    } catch (error) {
      const known = await registry.find(reference).catch(() => undefined);
      end(reference, known?.version.version, error);
      throw error;
    }
  };

  const gateway: Gateway = {
    serve,
    load,
    unload: loader.unload,
    running: running.list,
    wanted: () => deployments.list().map(({ model }) => model),
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
