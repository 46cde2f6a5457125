import type { Config, EngineKind, EngineOptions } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { ResolvedModel } from '../registry/registry.ts';
import { estimateMemory } from '../scheduler/estimate-memory.ts';
import { chooseEngine } from './choose-engine.ts';

/** A wish: so many copies of these weights, and who uses them now. Two references to the same bytes share one. */
export interface Deployment {
  readonly digest: string;
  readonly model: ResolvedModel;
  readonly engine: EngineKind;
  readonly options: EngineOptions;
  readonly requiredBytes: number;
  /** From the configuration: stays, whatever the keep-alive. */
  isConfigured: boolean;
  replicas: number;
  /** Requests that hold it, those that wait for a first copy included. */
  inFlight: number;
  waiting: number;
  lastUsedMs: number;
  /** As the last request asked. */
  keepAliveSeconds: number;
  /** Undefined: in use, or for ever. */
  expiresAtMs: number | undefined;
}

export interface Deployments {
  /** Finds the wish for these weights or makes an implicit one. Throws `unsupported_feature` where no engine can run them. */
  ensure(model: ResolvedModel, options?: EngineOptions): Deployment;
  find(digest: string): Deployment | undefined;
  list(): readonly Deployment[];
  drop(digest: string): void;
  /** Takes a dropped wish in again. */
  restore(deployment: Deployment): void;
  /** A request begins to need it: it cannot expire. */
  hold(deployment: Deployment): void;
  /** A request is done with it: after the last one it stays this long (the configured time when left out, -1 for ever, 0 not at all). */
  release(deployment: Deployment, keepAliveSeconds?: number): void;
}

type Defaults = Pick<Config['inference'], 'contextSize' | 'parallel' | 'threads' | 'keepAliveSeconds'>;

/** What the request asked for, else what the configuration says, else the node's own choice. */
function toOptions(asked: EngineOptions, { contextSize, parallel, threads }: Defaults): EngineOptions {
  return {
    ...(contextSize >= 64 ? { contextSize } : {}),
    ...(parallel > 0 ? { parallel } : {}),
    ...(threads > 0 ? { threads } : {}),
    ...asked,
  };
}

/** What a copy of a model needs in memory, with these options. */
export function requiredMemory(model: ResolvedModel, { contextSize, parallel }: EngineOptions): number {
  return estimateMemory({ fileBytes: model.file.sizeBytes, facts: model.version.facts, contextSize, parallel });
}

export function createDeployments({ defaults, clock }: { readonly defaults: Defaults; readonly clock: Clock }): Deployments {
  const byDigest = new Map<string, Deployment>();
  const create = (model: ResolvedModel, asked: EngineOptions): Deployment => {
    const options = toOptions(asked, defaults);
    const deployment = {
      digest: model.file.digest,
      model,
      engine: chooseEngine(model),
      options,
      requiredBytes: requiredMemory(model, options),
      isConfigured: false,
      replicas: 1,
      inFlight: 0,
      waiting: 0,
      lastUsedMs: clock.now(),
      keepAliveSeconds: defaults.keepAliveSeconds,
      expiresAtMs: undefined,
    };
    byDigest.set(deployment.digest, deployment);
    return deployment;
  };
  return {
    ensure: (model, options = {}) => byDigest.get(model.file.digest) ?? create(model, options),
    find: (digest) => byDigest.get(digest),
    list: () => [...byDigest.values()],
    drop: (digest) => void byDigest.delete(digest),
    restore: (deployment) => void byDigest.set(deployment.digest, deployment),
    hold(deployment) {
      deployment.inFlight += 1;
      deployment.expiresAtMs = undefined;
    },
    release(deployment, keepAliveSeconds = defaults.keepAliveSeconds) {
      deployment.inFlight -= 1;
      deployment.keepAliveSeconds = keepAliveSeconds;
      deployment.lastUsedMs = clock.now();
      if (deployment.inFlight === 0 && keepAliveSeconds >= 0) deployment.expiresAtMs = deployment.lastUsedMs + keepAliveSeconds * 1000;
    },
  };
}
