import { ClusterError, fromWireError, installedProgram, nameProgram, toClusterError, toWireError } from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** How people start this program here. */
    readonly program?: string;
  }
}

/** Errors of Fastify itself (bad JSON, body too large, …) in our words. */
function fromFastify(error: unknown): ClusterError | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new ClusterError('payload_too_large', 'The body is larger than this route accepts.', {
      hint: 'Send less, or raise inference.maxBodyMiB in cluster.yaml.',
    });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new ClusterError('unsupported_media_type', 'The body has a content type that this route does not take.', {
      hint: 'Send application/json.',
    });
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY' || error instanceof SyntaxError)
    return new ClusterError('invalid_json', 'The body is not valid JSON.');
  if (code.startsWith('FST_ERR_CTP_') || code === 'FST_ERR_BAD_URL')
    return new ClusterError('invalid_request', 'The request is not valid HTTP for this route.');
  return undefined;
}

/** Whatever was thrown while a request was handled, as one of our errors. Every door renders the result in its dialect. */
export function toRequestError(error: unknown): ClusterError {
  return fromFastify(error) ?? toClusterError(error);
}

/** The same for whoever is shown it: its next step names commands as they are started here. */
export function toShownError(thrown: unknown, { server }: Pick<FastifyRequest, 'server'>): ClusterError {
  const error = toRequestError(thrown);
  const program = server?.program ?? installedProgram;
  if (error.hint === undefined || program === installedProgram) return error;
  return fromWireError({ ...toWireError(error), hint: nameProgram(error.hint, program) }, 'internal', error.message);
}

/** For an address that no door answers. */
export function unknownRoute(method: string, url: string): ClusterError {
  return new ClusterError('unknown_route', `${method} ${url.split('?')[0]?.slice(0, 200)} does not exist here.`, {
    hint: 'The routes are listed at /api/v1/openapi.json.',
  });
}
