import { type Config, isClusterError, type Node, type ReplicaReport, toClusterError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import type { Registry, ResolvedModel } from '../registry/registry.ts';
import type { Deployments } from './deployments.ts';

interface WishKeeperDeps {
  readonly deployments: Deployments;
  readonly registry: Registry;
  readonly config: Config;
  readonly log: Logger;
  /** Orders with a smaller number were given by an earlier life of ours. */
  readonly firstFence: number;
}

/** Keeps the wishes that nobody asks for request by request: configured models, and what ran already when we started. */
export function createWishKeeper({ deployments, registry, config, log, firstFence }: WishKeeperDeps) {
  /** Replicas that were taken over: when their wish is gone they stop, and are not taken over again. */
  const known = new Set<string>();
  const complained = new Set<string>();

  /** What replicas run that nobody wished for, by their digest: looked up once for each look at the nodes. */
  const identified = new Map<string, ResolvedModel>();

  /** The database may be away for a moment: then nothing is known, and nothing is done. */
  const lookUp = async (reference: string): Promise<ResolvedModel | 'nothing' | 'unknown'> => {
    try {
      return (await registry.find(reference)) ?? 'nothing';
    } catch (error) {
      if (isClusterError(error) && error.code === 'invalid_model_reference') return 'nothing';
      log.warn({ model: reference, error }, 'A model could not be looked up');
      return 'unknown';
    }
  };

  async function identify({ model, digest }: ReplicaReport): Promise<ResolvedModel | undefined> {
    const found = await lookUp(model);
    return typeof found === 'object' && found.file.digest === digest ? found : undefined;
  }

  function complain(name: string, message: string): void {
    if (complained.has(name)) return;
    complained.add(name);
    log.warn({ model: name, detail: message }, 'A configured model cannot be loaded');
  }

  async function wishConfigured(name: string, replicas: number): Promise<string | undefined> {
    const model = await lookUp(name);
    if (model === 'unknown')
      return deployments.list().find((deployment) => deployment.isConfigured && deployment.model.name === name)?.digest;
    if (model === 'nothing') return void complain(name, 'It is not in the registry.');
    try {
      const deployment = deployments.ensure(model);
      deployment.isConfigured = replicas > 0;
      deployment.replicas = Math.max(1, replicas);
      complained.delete(name);
      return deployment.digest;
    } catch (error) {
      return void complain(name, toClusterError(error).message);
    }
  }

  async function refreshConfigured(): Promise<void> {
    const wanted = config.cluster.models.filter(({ replicas }) => replicas > 0);
    const configured = new Set(await Promise.all(wanted.map(({ name, replicas }) => wishConfigured(name, replicas))));
    for (const deployment of deployments.list())
      if (deployment.isConfigured && !configured.has(deployment.digest)) deployments.drop(deployment.digest);
  }

  /** A replica from an earlier life of ours is taken over as if it had been used just now. */
  async function adopt(node: Node, report: ReplicaReport): Promise<void> {
    if (report.fence >= firstFence || known.has(report.replicaId) || report.condition.state === 'failed') return;
    known.add(report.replicaId);
    const model = await identify(report);
    if (model) identified.set(report.digest, model);
    if (!model || deployments.find(report.digest)) return;
    const deployment = deployments.ensure(model);
    deployments.hold(deployment);
    deployments.release(deployment);
    log.info({ model: report.model, replica: report.replicaId, node: node.name }, 'Taking over a replica that runs already');
  }

  async function dropUnregistered(): Promise<void> {
    for (const deployment of deployments.list()) {
      const isGone = deployment.inFlight === 0 && (await lookUp(deployment.model.reference)) === 'nothing';
      if (isGone && deployment.inFlight === 0) deployments.drop(deployment.digest);
    }
  }

  return {
    /** The registry's model whose bytes a replica runs, if they are still what its reference means. */
    identified: ({ digest }: ReplicaReport): ResolvedModel | undefined => identified.get(digest),
    async refresh(nodes: readonly Node[]): Promise<void> {
      await refreshConfigured();
      await dropUnregistered();
      const inSight = new Set(nodes.flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId)));
      for (const node of nodes) for (const report of node.replicas) await adopt(node, report);
      for (const id of known) if (!inSight.has(id)) known.delete(id);
      const digests = new Set(nodes.flatMap(({ replicas }) => replicas.map(({ digest }) => digest)));
      for (const digest of identified.keys()) if (!digests.has(digest)) identified.delete(digest);
    },
  };
}
