import { ClusterError, type Permission } from '@cluster-ai/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of the body, where it may be other than JSON. */
    takes?: readonly string[];
  }
}

/** What a handler gets: everything that came in, checked. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborts when the caller goes away before the answer is complete. */
  readonly signal: AbortSignal;
}

/** One route of the native door: what it is for people and programs (OpenAPI), and what it does. */
export interface NativeRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, in OpenAPI's form: `/models/{name}`. */
  readonly path: string;
  readonly permission: Permission;
  /** Of a `public` route. */
  readonly why?: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** What its body may be beside JSON of the shape above, if there is one: the handler reads that itself. */
  readonly takes?: readonly string[];
  /** The shape of the answer; of each event's data when it is a stream; `undefined` for no content, or, with a status, for a redirect. */
  readonly answer: z.ZodType | undefined;
  readonly status?: number;
  /** 1 MiB where nothing is said; less for what strangers may send. */
  readonly maxBodyBytes?: number;
  /** It takes text for a model: as much of it as `inference.maxBodyMiB` allows. */
  readonly takesPrompts?: boolean;
  /** `auth`: it takes a password, a code or a one-use link, so that guessing must be slow. */
  readonly rateClass?: 'auth';
  readonly isStream?: boolean;
  /** What the answer comes as, where that is not JSON. */
  readonly mediaTypes?: readonly string[];
  readonly handle: (input: RouteInput<never, never, never>) => Promise<unknown>;
}

const usualBodyBytes = 1024 * 1024;

type Parsed<Shape> = Shape extends z.ZodType ? z.output<Shape> : undefined;

/** Ties a handler's input to the shapes beside it. */
export function route<
  const Params extends z.ZodObject | undefined,
  const Query extends z.ZodObject | undefined,
  const Body extends z.ZodType | undefined,
>(
  definition: Omit<NativeRoute, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly handle: (input: RouteInput<Parsed<Params>, Parsed<Query>, Parsed<Body>>) => Promise<unknown>;
  },
): NativeRoute {
  return definition as unknown as NativeRoute;
}

function parse(shape: z.ZodType | undefined, value: unknown, what: string): unknown {
  if (shape === undefined) return undefined;
  const result = shape.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw new ClusterError('invalid_request', `${what}${param === '' ? '' : ` field "${param}"`}: ${issue?.message ?? 'not valid'}.`, {
    ...(param === '' ? {} : { param }),
  });
}

function toSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished)
      controller.abort(new ClusterError('cancelled', `The caller of ${request.url.split('?')[0]} went away.`));
  });
  return controller.signal;
}

/** What a route takes besides has been read by nobody yet. */
const isJson = ({ headers, routeOptions }: FastifyRequest) =>
  routeOptions.config.takes === undefined || /^(?:$|application\/json\b)/i.test(headers['content-type'] ?? '');

/** Registers a route: checks what comes in, calls the handler, sends what it returns. A stream's handler writes by itself. */
export function registerRoute(app: FastifyInstance, definition: NativeRoute): void {
  app.route({
    method: definition.method,
    ...(definition.takesPrompts ? {} : { bodyLimit: definition.maxBodyBytes ?? usualBodyBytes }),
    url: definition.path.replace(/\{(\w+)\}/g, ':$1'),
    config: {
      permission: definition.permission,
      ...(definition.why === undefined ? {} : { why: definition.why }),
      ...(definition.takes === undefined ? {} : { takes: [...(definition.body ? ['application/json'] : []), ...definition.takes] }),
      ...(definition.rateClass === undefined ? {} : { rateClass: definition.rateClass }),
    },
    handler: async (request, reply) => {
      const input = {
        params: parse(definition.params, request.params, 'The address’s') as never,
        query: parse(definition.query, request.query, 'The query’s') as never,
        body: (isJson(request) ? parse(definition.body, request.body, 'The body’s') : undefined) as never,
        request,
        reply,
        signal: toSignal(request, reply),
      };
      const answer = await definition.handle(input);
      if (reply.sent || reply.raw.headersSent) return reply;
      // returned rather than sent: whoever wraps the handler has a word before the caller hears that it is done
      void reply.code(definition.status ?? (definition.answer === undefined ? 204 : 200));
      return definition.answer === undefined ? undefined : answer;
    },
  });
}
