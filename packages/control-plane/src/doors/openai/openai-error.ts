import { type ClusterError, errorCodes } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toShownError } from '../../listeners/to-request-error.ts';

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
};
const typeOf = (status: number) => types[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');

/** `{ error: { message, type, param, code } }`, and `details` where a program can use them. The code is ours; OpenAI's own are the same words. */
export function toOpenAiError(error: ClusterError) {
  const { code, message, hint, param, details } = error;
  return {
    error: {
      message: hint ? `${message} ${hint}` : message,
      type: typeOf(error.status),
      param: param ?? null,
      code,
      ...(Object.keys(details).length === 0 ? {} : { details }),
    },
  };
}

/** What the official clients would wait for. */
const LONGEST_WAIT_SECONDS = 60;

/** A limit of this minute is over soon; one of this month is not. */
const isWorthRetrying = ({ code, retryAfterSeconds = Number.POSITIVE_INFINITY }: ClusterError) =>
  'isRetryable' in errorCodes[code] || (code === 'quota_exceeded' && retryAfterSeconds <= LONGEST_WAIT_SECONDS);

/** Fastify's error handler for OpenAI's dialect. `x-should-retry` keeps the official clients from repeating what cannot succeed. */
export function renderOpenAiError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toShownError(thrown, request);
  if (reply.raw.headersSent) return void reply.raw.destroy();
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  void reply
    .code(error.status)
    .header('x-should-retry', String(isWorthRetrying(error)))
    .send(toOpenAiError(error));
}
