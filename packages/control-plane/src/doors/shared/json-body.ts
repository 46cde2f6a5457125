import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyInstance } from 'fastify';
import { parseJson } from '../../listeners/parse-json.ts';

export type JsonObject = Record<string, unknown>;

/**
 * Hands bodies to the routes as bytes, so that a door parses once and can forward what came.
 * `*` takes any content type, also none: curl's `-d` says x-www-form-urlencoded, and Ollama never looks.
 */
export function takeBodiesAsBytes(app: FastifyInstance, contentType: 'application/json' | '*'): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(contentType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** The object in a body. Throws `invalid_json` for anything else. */
export function parseJsonObject(body: unknown): JsonObject {
  const value = parseJson(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ClusterError('invalid_json', 'The body is not a JSON object.');
  return value as JsonObject;
}
