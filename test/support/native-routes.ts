/** A JSON schema, as far as samples need it. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface NativeRouteFacts {
  readonly method: string;
  /** With `{name}` where a value belongs. */
  readonly path: string;
  readonly permission: string;
  readonly queryFields: Readonly<Record<string, Schema>>;
  readonly body: Schema | undefined;
}

interface Operation {
  readonly 'x-permission': string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const toRoute = (path: string, method: string, { parameters, requestBody, ...operation }: Operation): NativeRouteFacts => ({
  method: method.toUpperCase(),
  path,
  permission: operation['x-permission'],
  queryFields: Object.fromEntries(parameters.filter((one) => one.in === 'query').map(({ name, schema }) => [name, schema])),
  body: requestBody?.content['application/json']?.schema,
});

/** Every route of the native door, from the document that is made of the routes themselves. */
export async function readNativeRoutes(baseUrl: string): Promise<readonly NativeRouteFacts[]> {
  const document = (await (await fetch(`${baseUrl}/api/v1/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toRoute(path, method, operation)),
  );
}

/** A value that fits a schema; `choose` may put something else in the place of any part, whose path it is told. */
export function sampleOf(schema: Schema, choose: (schema: Schema, path: string) => unknown, path = ''): unknown {
  const chosen = choose(schema, path);
  if (chosen !== undefined) return chosen;
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return sampleOf(first, choose, path);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, part]) => [name, sampleOf(part, choose, `${path}/${name}`)]),
      );
    case 'array':
      return schema.items ? [sampleOf(schema.items, choose, `${path}/0`)] : [];
    case 'integer':
    case 'number':
      return 100;
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return 'sample';
  }
}

/** The paths of all parts of a schema for which this holds. */
export function findParts(schema: Schema, isWanted: (schema: Schema) => boolean): readonly string[] {
  const found = new Set<string>();
  const look = (part: Schema, path: string): void => {
    if (isWanted(part)) found.add(path);
    for (const choice of [...(part.anyOf ?? []), ...(part.oneOf ?? [])]) look(choice, path);
    for (const [name, inner] of Object.entries(part.properties ?? {})) look(inner, `${path}/${name}`);
    if (part.items) look(part.items, `${path}/0`);
  };
  look(schema, '');
  return [...found];
}
