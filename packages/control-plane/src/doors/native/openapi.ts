import { problemShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { NativeRoute } from './route.ts';

type Json = Record<string, unknown>;

const jsonSchema = (shape: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, { io, reused: 'inline', unrepresentable: 'any' }) as Json;
  return schema;
};

function toParameters(shape: z.ZodObject | undefined, place: 'path' | 'query'): readonly Json[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = jsonSchema(shape, 'input') as { properties?: Json; required?: readonly string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }));
}

const descriptions: Readonly<Record<number, string>> = { 204: 'Done; nothing to say', 303: 'Go on at the address in `Location`' };

function toOperation(route: NativeRoute): Json {
  const { tag, summary, permission, params, query, body, takes, answer, isStream } = route;
  const { status = answer ? 200 : 204 } = route;
  const { mediaTypes = [isStream ? 'text/event-stream' : 'application/json'] } = route;
  const content = answer && Object.fromEntries(mediaTypes.map((type) => [type, { schema: jsonSchema(answer, 'output') }]));
  return {
    tags: [tag],
    summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[{}]/g, '').replace(/(?:^|[/-])(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    'x-permission': permission,
    parameters: [...toParameters(params, 'path'), ...toParameters(query, 'query')],
    ...(takes ? { requestBody: { required: true, content: Object.fromEntries(takes.map((type) => [type, { schema: {} }])) } } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } } } : {}),
    responses: {
      [status]: { description: descriptions[status] ?? 'Done', ...(content ? { content } : {}) },
      default: {
        description: 'What went wrong, to what, and what to do',
        content: { 'application/problem+json': { schema: jsonSchema(problemShape, 'output') } },
      },
    },
  };
}

/** OpenAPI 3.1 out of the routes and the shapes that check their requests. */
export function toOpenApi(routes: readonly NativeRoute[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `/api/v1${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cluster AI',
      version,
      description: 'The native API of a Cluster AI control plane. Errors are RFC 9457 problem details.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
  };
}
