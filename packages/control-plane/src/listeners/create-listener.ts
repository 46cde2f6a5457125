import type { Server } from 'node:http';
import type { Config } from '@cluster-ai/contracts';
import { type Logger, newId } from '@cluster-ai/runtime';
import { type FastifyHttpOptions, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Admission } from '../access/admission.ts';
import type { ServerCertificate } from '../access/certificates/server-certificate.ts';
import { limitRates } from '../access/rate-limits.ts';
import { type RouteRecord, requirePermissions } from '../access/route-permissions.ts';
import type { Metrics } from '../observability/metrics.ts';
import { checkHostAndOrigin } from './allowed-hosts.ts';
import { checkBody } from './check-body.ts';
import { createTrustedProxies } from './client-address.ts';
import { guardConnections } from './guard-connections.ts';
import { parseJson } from './parse-json.ts';
import { createTlsServer } from './tls-server.ts';
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
  readonly admission: Pick<Admission, 'admit'>;
  readonly metrics?: Pick<Metrics, 'observeRequest'>;
  /** The dialect for whatever no door answers. */
  readonly renderError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  /** Absent: plain HTTP. */
  readonly certificate?: ServerCertificate | undefined;
  /** Names and addresses beyond loopback that the Host header may carry, as they are now. */
  readonly names?: () => readonly string[];
}

const MIB = 1024 * 1024;
/** Half a year: long enough to matter, short enough to survive a mistake. */
const strictTransport = 'max-age=15552000';
/** Against clients that send slowly, or not at all. */
const httpLimits = { headersTimeout: 10_000, connectionsCheckingInterval: 2000, maxHeaderSize: 16 * 1024 } as const;
const wholeRequestMs = 300_000;
const keepAliveMs = 75_000; // longer than what clients keep, so that they close first
const mostHeaders = 100;

// the page runs only what we serve: no script inline, nothing from elsewhere; styles inline because charts and code blocks set them
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

type ServerChoice = Pick<FastifyHttpOptions<Server>, 'http' | 'serverFactory'>;

/** How Fastify gets its server: its own one, or ours with TLS. */
function toServer({ certificate, config }: ListenerOptions): ServerChoice {
  if (certificate === undefined) return { http: httpLimits };
  const options = { ...httpLimits, requestTimeout: wholeRequestMs, keepAliveTimeout: keepAliveMs };
  // an HTTPS server is used like an HTTP one, and only its type says otherwise
  return { serverFactory: (handler) => createTlsServer(certificate, config.listeners.tls, options, handler) as unknown as Server };
}

/** The shell that every HTTP listener shares: limits, Host check, permissions, request ids, headers. Doors are registered on it. */
export function createListener(options: ListenerOptions): ListenerShell {
  const { config, log, admission, metrics, renderError, certificate, names = () => config.listeners.allowedHosts } = options;
  const isTrustedProxy = createTrustedProxies(config.listeners.trustedProxies);
  const app = fastify({
    logger: false,
    bodyLimit: config.inference.maxBodyMiB * MIB,
    genReqId: () => newId('req'),
    requestIdHeader: false,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: wholeRequestMs,
    ...toServer(options),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  app.server.maxHeadersCount = mostHeaders;
  const connections = guardConnections(app.server, { mostPerAddress: config.listeners.connectionsPerAddress, isTrustedProxy });
  app.addHook('preClose', async () => connections.close());
  const routes = requirePermissions(app);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    if (certificate !== undefined && certificate.source !== 'internal') void reply.header('strict-transport-security', strictTransport);
    checkHostAndOrigin(request.raw, names());
    checkBody(request.raw);
    const { permission } = request.routeOptions.config; // absent where no door answers
    if (permission !== undefined && permission !== 'public')
      request.caller = admission.admit({ headers: request.headers, remoteAddress: request.socket.remoteAddress }, permission);
    if (request.url.startsWith('/ui')) void reply.header('content-security-policy', contentSecurityPolicy);
  });
  limitRates(app, { isTrustedProxy });
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
