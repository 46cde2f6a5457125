import { type Config, type Node, type ReplicaReport, toClusterError } from '@cluster-ai/contracts';
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

  const identify = ({ model, digest }: ReplicaReport): ResolvedModel | undefined => {
    const found = registry.find(model);
    return found?.file.digest === digest ? found : undefined;
  };

  function complain(name: string, message: string): void {
    if (complained.has(name)) return;
    complained.add(name);
    log.warn({ model: name, detail: message }, 'A configured model cannot be loaded');
  }

  function wishConfigured(name: string, replicas: number): string | undefined {
    const model = registry.find(name);
    if (!model) return void complain(name, 'It is not in the registry.');
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

  function refreshConfigured(): void {
    const configured = new Set(
      config.cluster.models.filter(({ replicas }) => replicas > 0).map(({ name, replicas }) => wishConfigured(name, replicas)),
    );
    for (const deployment of deployments.list())
      if (deployment.isConfigured && !configured.has(deployment.digest)) deployments.drop(deployment.digest);
  }

  /** A replica from an earlier life of ours is taken over as if it had been used just now. */
  function adopt(node: Node, report: ReplicaReport): void {
    if (report.fence >= firstFence || known.has(report.replicaId) || report.condition.state === 'failed') return;
    known.add(report.replicaId);
    const model = identify(report);
    if (!model || deployments.find(report.digest)) return;
    const deployment = deployments.ensure(model);
    deployments.hold(deployment);
    deployments.release(deployment);
    log.info({ model: report.model, replica: report.replicaId, node: node.name }, 'Taking over a replica that runs already');
  }

  function dropUnregistered(): void {
    for (const { digest, model, inFlight } of deployments.list())
      if (inFlight === 0 && registry.find(model.reference) === undefined) deployments.drop(digest);
  }

  return {
    /** The registry's model whose bytes a replica runs, if they are still what its reference means. */
    identify,
    refresh(nodes: readonly Node[]): void {
      refreshConfigured();
      dropUnregistered();
      const inSight = new Set(nodes.flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId)));
      for (const node of nodes) for (const report of node.replicas) adopt(node, report);
      for (const id of known) if (!inSight.has(id)) known.delete(id);
    },
  };
}
