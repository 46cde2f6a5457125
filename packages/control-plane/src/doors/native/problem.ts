import { type ClusterError, errorCodes, type Problem } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toShownError } from '../../listeners/to-request-error.ts';

/** RFC 9457 problem details. */
export function toProblem(error: ClusterError, request: Pick<FastifyRequest, 'id' | 'url'>): Problem {
  const { status, title } = errorCodes[error.code];
  return {
    type: `urn:cluster-ai:error:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: request.url.split('?')[0] ?? '',
    code: error.code,
    requestId: request.id,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: { ...error.details } }),
    ...(error.said === undefined ? {} : { said: error.said }),
  };
}

/** Fastify's error handler for everything that speaks the native dialect. */
export function renderProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toShownError(thrown, request);
  if (reply.raw.headersSent) return void reply.raw.destroy();
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(error.retryAfterSeconds));
  void reply.code(error.status).type('application/problem+json').send(toProblem(error, request));
}
