import type { Server, ServerResponse } from 'node:http';
import type { Config } from '@cluster-ai/contracts';
import { type Logger, newId } from '@cluster-ai/runtime';
import { type FastifyHttpOptions, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Admission, AdmissionRequest } from '../access/admission.ts';
import type { AuditPoint } from '../access/audit/audit.ts';
import { recordActs, toDenial, toHastyAttempt } from '../access/audit/record-acts.ts';
import type { Caller } from '../access/caller.ts';
import type { ServerCertificate } from '../access/certificates/server-certificate.ts';
import { limitRates, usualAttemptsPerMinute } from '../access/rate-limits.ts';
import { type RouteRecord, requirePermissions } from '../access/route-permissions.ts';
import type { Metrics } from '../observability/metrics.ts';
import { checkHostAndOrigin } from './allowed-hosts.ts';
import { endIdleBodies, endSlowBodies, refuseCompressed } from './check-body.ts';
import { endStalledReaders } from './end-stalled-readers.ts';
import { guardConnections } from './guard-connections.ts';
import { parseJson } from './parse-json.ts';
import { createTlsServer } from './tls-server.ts';
import { toRequestError, unknownRoute } from './to-request-error.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

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
  /** Absent: plain HTTP. */
  readonly certificate?: ServerCertificate | undefined;
  /** Names and addresses beyond loopback that the Host header may carry, as they are now. */
  readonly names?: () => readonly string[];
  /** To sign in, from one address. */
  readonly attemptsPerMinute?: number;
  /** Milliseconds; what limits of rates are counted by. */
  readonly now?: () => number;
}

const MIB = 1024 * 1024;
/** Half a year: long enough to matter, short enough to survive a mistake. */
const strictTransport = 'max-age=15552000';
/** Against clients that send slowly, or not at all. */
const httpLimits = { headersTimeout: 10_000, connectionsCheckingInterval: 2000, maxHeaderSize: 16 * 1024 } as const;
const keepAliveMs = 75_000; // longer than what clients keep, so that they close first
const mostHeaders = 100;

// the page runs only what we serve: no script inline, nothing from elsewhere; styles inline because charts and code blocks set them
const pagePolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Whatever is no page of ours is nothing that a browser should run or frame. */
const otherPolicy = "default-src 'none'; frame-ancestors 'none'";

type ServerChoice = Pick<FastifyHttpOptions<Server>, 'http' | 'serverFactory'>;

/** How Fastify gets its server: its own one, or ours with TLS. */
function toServer({ certificate, config }: ListenerOptions): ServerChoice {
  if (certificate === undefined) return { http: httpLimits };
  const options = { ...httpLimits, requestTimeout: 0, keepAliveTimeout: keepAliveMs };
  // an HTTPS server is used like an HTTP one, and only its type says otherwise
  return { serverFactory: (handler) => createTlsServer(certificate, config.listeners.tls, options, handler) as unknown as Server };
}

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
export function createListener(options: ListenerOptions): ListenerShell {
  const { config, log, admission, audit, metrics, renderError, certificate, names = () => config.listeners.allowedHosts } = options;
  const isTrustedProxy = createTrustedProxies(config.listeners.trustedProxies);
  const app = fastify({
    logger: false,
    bodyLimit: config.inference.maxBodyMiB * MIB,
    genReqId: () => newId('req'),
    requestIdHeader: false,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: 0,
    ...toServer(options),
    trustProxy: config.listeners.trustedProxies.length > 0 && isTrustedProxy,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  app.server.maxHeadersCount = mostHeaders;
  endIdleBodies(app.server);
  endSlowBodies(app.server);
  endStalledReaders(app.server);
  const connections = guardConnections(app.server, { mostPerAddress: config.listeners.connectionsPerAddress, isTrustedProxy });
  app.addHook('preClose', async () => connections.close());
  const routes = requirePermissions(app);
  if (audit) recordActs(app, audit.acts);

  async function letIn(request: FastifyRequest): Promise<void> {
    delete request.raw.headers['x-forwarded-host']; // a proxy passes the host on as it is; nobody needs to be told another one
    checkHostAndOrigin(request.raw, names());
    refuseCompressed(request.raw);
    const { permission } = request.routeOptions.config; // absent where no door answers
    if (permission !== undefined && permission !== 'public') {
      const asked = toAdmissionRequest(request);
      const waiting = admission.prepare?.(asked);
      if (waiting !== undefined) await waiting;
      request.caller = admission.admit(asked, permission);
    }
  }

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': request.url.startsWith('/ui') ? pagePolicy : otherPolicy,
    });
    if (certificate?.isKnownOutside()) void reply.header('strict-transport-security', strictTransport);
    try {
      await letIn(request);
      closeWhenCut(request.caller, reply.raw);
    } catch (error) {
      const denial = toDenial(request, error);
      if (denial) audit?.denied(denial);
      throw error;
    }
  });
  const { now = Date.now, attemptsPerMinute = usualAttemptsPerMinute } = options;
  limitRates(app, { attemptsPerMinute, now, onRefused: (request, error) => audit?.denied(toHastyAttempt(request, error)) });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => parseJson(body));
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
