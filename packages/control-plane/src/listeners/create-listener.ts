import type { ServerResponse } from 'node:http';
import type { Config } from '@cluster-ai/contracts';
import { type Logger, newId } from '@cluster-ai/runtime';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Admission, AdmissionRequest } from '../access/admission.ts';
import type { AuditPoint } from '../access/audit/audit.ts';
import { recordActs, toDenial } from '../access/audit/record-acts.ts';
import type { Caller } from '../access/caller.ts';
import { type RouteRecord, requirePermissions } from '../access/route-permissions.ts';
import type { Metrics } from '../observability/metrics.ts';
import { checkHostAndOrigin } from './allowed-hosts.ts';
import { toRequestError, unknownRoute } from './to-request-error.ts';

export interface ListenerShell {
  readonly app: FastifyInstance;
  /** Every route with its permission, in the order of registration. */
  readonly routes: readonly RouteRecord[];
}

export interface ListenerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Who may call what: asked for each request of a route that is not public. */
  readonly admission: Pick<Admission, 'admit'> & Partial<Pick<Admission, 'prepare'>>;
  /** Left out only where nothing behind the listener is real. */
  readonly audit?: AuditPoint;
  readonly metrics?: Pick<Metrics, 'observeRequest'>;
  /** The dialect for whatever no door answers. */
  readonly renderError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
}

const MIB = 1024 * 1024;

// the page runs only what we serve: no script inline, nothing from elsewhere; styles inline because charts and code blocks set them
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const toAdmissionRequest = ({ method, headers, protocol, socket }: FastifyRequest): AdmissionRequest => ({
  method,
  headers,
  isSecure: protocol === 'https',
  remoteAddress: socket.remoteAddress,
});

/** An answer that is still being sent ends when its caller loses the right to it. One that has not begun is short, and is finished. */
function closeWhenCut(caller: Caller | undefined, answer: ServerResponse): void {
  const cut = caller?.whenCut?.();
  if (cut === undefined) return;
  const close = () => {
    if (answer.headersSent) answer.destroy();
  };
  cut.addEventListener('abort', close);
  answer.once('close', () => cut.removeEventListener('abort', close));
}

/** The shell that every HTTP listener shares: limits, Host check, permissions, request ids, headers. Doors are registered on it. */
export function createListener({ config, log, admission, audit, metrics, renderError }: ListenerOptions): ListenerShell {
  const app = fastify({
    logger: false,
    bodyLimit: config.inference.maxBodyMiB * MIB,
    genReqId: () => newId('req'),
    requestIdHeader: false,
    keepAliveTimeout: 75_000, // longer than what clients keep, so that they close first
    http: { headersTimeout: 15_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  const routes = requirePermissions(app);
  if (audit) recordActs(app, audit.acts);

  async function letIn(request: FastifyRequest): Promise<void> {
    checkHostAndOrigin(request.raw, config.listeners.allowedHosts);
    const { permission } = request.routeOptions.config; // absent where no door answers
    if (permission !== undefined && permission !== 'public') {
      const asked = toAdmissionRequest(request);
      const waiting = admission.prepare?.(asked);
      if (waiting !== undefined) await waiting;
      request.caller = admission.admit(asked, permission);
    }
  }

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    try {
      await letIn(request);
      closeWhenCut(request.caller, reply.raw);
    } catch (error) {
      const denial = toDenial(request, error);
      if (denial) audit?.denied(denial);
      throw error;
    }
    if (request.url.startsWith('/ui')) void reply.header('content-security-policy', contentSecurityPolicy);
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics?.observeRequest({ method: request.method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
  });
  app.addHook('onError', async (request, _reply, thrown) => {
    const error = toRequestError(thrown);
    if (error.code === 'internal')
      log.error(
        { requestId: request.id, method: request.method, path: request.url.split('?')[0], err: thrown },
        'A request failed on our side',
      );
  });
  app.setErrorHandler(renderError);
  app.setNotFoundHandler(({ method, url }) => {
    throw unknownRoute(method, url);
  });
  return { app, routes };
}
