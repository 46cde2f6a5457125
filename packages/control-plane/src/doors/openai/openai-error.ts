import { type ClusterError, errorCodes } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toRequestError } from '../../listeners/to-request-error.ts';

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

/** Fastify's error handler for OpenAI's dialect. `x-should-retry` keeps the official clients from repeating what cannot succeed. */
export function renderOpenAiError(thrown: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const error = toRequestError(thrown);
  if (reply.raw.headersSent) return void reply.raw.destroy();
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  void reply
    .code(error.status)
    .header('x-should-retry', String('isRetryable' in errorCodes[error.code]))
    .send(toOpenAiError(error));
}
