import type { ClusterError } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toShownError } from '../../listeners/to-request-error.ts';

/** `{ error: text }`, which is all that Ollama says. */
export function toOllamaError({ message, hint }: ClusterError): { readonly error: string } {
  return { error: hint ? `${message} ${hint}` : message };
}

/** Fastify's error handler for Ollama's dialect. */
export function renderOllamaError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toShownError(thrown, request);
  if (reply.raw.headersSent) return void reply.raw.destroy();
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  void reply.code(error.status).send(toOllamaError(error));
}
