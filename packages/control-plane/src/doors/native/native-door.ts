import type { Backup, Certificate, CertificateAuthority, Config, Listener } from '@cluster-ai/contracts';
import type { FastifyPluginAsync } from 'fastify';
import type { Audit } from '../../access/audit/audit.ts';
import type { ApiKeys } from '../../access/keys/api-keys.ts';
import type { Chats } from '../../chats/chats.ts';
import { unknownRoute } from '../../listeners/to-request-error.ts';
import type { EventBus } from '../../observability/event-bus.ts';
import type { LoadRecorder } from '../../observability/load-recorder.ts';
import type { BlobParts } from '../../registry/open-blob-parts.ts';
import { type AccessRouteDependencies, accessRoutes } from './access.ts';
import { auditRoutes } from './audit.ts';
import { certificateRoutes } from './certificates.ts';
import { chatRoutes } from './chats.ts';
import { clusterRoutes } from './cluster.ts';
import { type ComputeRouteDependencies, computeRoutes } from './compute.ts';
import { generateRoutes } from './generate.ts';
import { keyRoutes } from './keys.ts';
import { modelRoutes } from './models.ts';
import { nodeRoutes } from './nodes.ts';
import { toOpenApi } from './openapi.ts';
import { type OperationDependencies, operationRoutes } from './operations.ts';
import { passkeyRoutes } from './passkeys.ts';
import { peopleRoutes } from './people.ts';
import { type PrivacyRouteDependencies, privacyRoutes } from './privacy.ts';
import { renderProblem } from './problem.ts';
import { registryDoor, registryRoutes } from './registry/registry-door.ts';
import type { RegistryDoorDependencies } from './registry/registry-door-dependencies.ts';
import { type NativeRoute, registerRoute } from './route.ts';
import { type SecretsDependencies, secretRoutes } from './secrets.ts';
import { sessionRoutes } from './sessions.ts';
import { type SignInDependencies, signInRoutes } from './sign-in.ts';
import { tokenRoutes } from './tokens.ts';
import { workerRoutes } from './workers.ts';

/** What the door needs to know of the program around it. */
export interface ClusterDescription {
  readonly name: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly listeners: readonly Listener[];
  readonly dataFolder: string;
}

export interface NativeDependencies
  extends SignInDependencies,
    SecretsDependencies,
    PrivacyRouteDependencies,
    AccessRouteDependencies,
    OperationDependencies,
    ComputeRouteDependencies,
    RegistryDoorDependencies {
  readonly blobParts: BlobParts;
  readonly chats: Chats;
  readonly keys: Pick<ApiKeys, 'list' | 'create' | 'revoke' | 'quotaOf'>;
  readonly audit: Pick<Audit, 'list' | 'read' | 'verify' | 'checkpoints'>;
  readonly events: EventBus;
  readonly load: Pick<LoadRecorder, 'samples'>;
  readonly config: Config;
  readonly backups: { create(request: { readonly path: string; readonly includeModels: boolean }, signal: AbortSignal): Promise<Backup> };
  readonly certificates: {
    list(): readonly Certificate[];
    /** What the listeners show, now. */
    renew(): Promise<void>;
    readonly authority: CertificateAuthority;
  };
  readonly describe: () => ClusterDescription;
}

/** All routes of the native door, in the order of the document. */
export function nativeRoutes(dependencies: NativeDependencies): readonly NativeRoute[] {
  return [
    ...clusterRoutes(dependencies),
    ...nodeRoutes(dependencies),
    ...modelRoutes(dependencies),
    ...operationRoutes(dependencies),
    ...computeRoutes(dependencies),
    ...workerRoutes(dependencies),
    ...generateRoutes(dependencies),
    ...chatRoutes(dependencies),
    ...certificateRoutes(dependencies),
    ...accessRoutes(dependencies),
    ...keyRoutes(dependencies),
    ...peopleRoutes(dependencies),
    ...privacyRoutes(dependencies),
    ...sessionRoutes(dependencies),
    ...passkeyRoutes(dependencies),
    ...signInRoutes(dependencies),
    ...tokenRoutes(dependencies),
    ...secretRoutes(dependencies),
    ...auditRoutes(dependencies),
  ];
}

const REGISTRY = '/registry';

const registryBelow = (dependencies: NativeDependencies): readonly NativeRoute[] =>
  registryRoutes(dependencies).map((each) => ({ ...each, path: `${REGISTRY}${each.path}` }));

/** The native API under `/api/v1`, and its own description. */
export function nativeDoor(dependencies: NativeDependencies): FastifyPluginAsync {
  return async (app) => {
    const routes = nativeRoutes(dependencies);
    app.setErrorHandler(renderProblem);
    app.setNotFoundHandler(({ method, url }) => {
      throw unknownRoute(method, url);
    });
    for (const route of routes) registerRoute(app, route);
    await app.register(registryDoor(dependencies), { prefix: REGISTRY });
    let document: unknown;
    app.get(
      '/openapi.json',
      { config: { permission: 'public', why: 'It describes the API and holds nothing of this cluster.' } },
      async () => {
        document ??= toOpenApi([...routes, ...registryBelow(dependencies)], dependencies.describe().version);
        return document;
      },
    );
  };
}
