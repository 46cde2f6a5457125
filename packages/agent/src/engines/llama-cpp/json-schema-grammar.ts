import { ClusterError } from '@cluster-ai/contracts';

/*
 * JSON Schema to GBNF, llama.cpp's notation for grammars. What can be built into a grammar is: types, properties in their order (those that are
 * not required may be left out), items and their number, lengths of strings, enum, const, anyOf, oneOf, allOf of objects, $ref into
 * $defs. Numbers are bounded in their digits, so that every integer is a safe one: without that, models were seen to write 18e63921.
 * `minimum` counts where it forbids the minus sign; `pattern`, `format` and other bounds are hints to the model only.
 */

type Schema = Readonly<Record<string, unknown>>;

/** The schema of `response_format: { type: "json_object" }`. */
export const anyJsonObject: Schema = { type: 'object' };

const refusedKeywords = ['not', 'if', 'then', 'else', 'patternProperties', 'dependentSchemas', 'contains'];
const deepestSchema = 64;
const longestBoundedString = 1024;
const mostBoundedItems = 256;

const baseRules = {
  sp: '" "?',
  boolean: '"true" | "false"',
  null: '"null"',
  hex: '[0-9a-fA-F]',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" hex hex hex hex)',
  string: '"\\"" char* "\\""',
  natural: '"0" | [1-9] [0-9]{0,14}',
  integer: '"-"? natural',
  decimals: '("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  number: 'integer decimals',
  value: 'object | array | string | number | boolean | null',
  object: '"{" (string ":" sp value ("," sp string ":" sp value)*)? "}"',
  array: '"[" (value ("," sp value)*)? "]"',
} as const;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;

/** A text as a literal of GBNF. */
const toLiteral = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;

const toJsonLiteral = (value: unknown): string => toLiteral(JSON.stringify(value));

function toRepeat(least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return '*';
  return `{${least ?? 0},${most ?? ''}}`;
}

/** Finds what `#/$defs/Name` means, in the nearest schema that has definitions. */
function resolve(reference: string, scope: Schema, param: string): Schema {
  const steps = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
  let found: unknown = reference.startsWith('#') ? scope : undefined;
  for (const step of steps)
    found = isSchema(found) ? found[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  if (isSchema(found)) return found;
  throw new ClusterError('invalid_request', `The schema refers to "${reference}", which is not in it.`, { param });
}

function mergeAllOf(schema: Schema, parts: readonly Schema[]): Schema {
  const all = [schema, ...parts];
  const { allOf: _, ...own } = schema;
  return {
    ...Object.assign({}, ...parts),
    ...own,
    properties: Object.assign({}, ...all.map(({ properties }) => properties ?? {})),
    required: all.flatMap(({ required }) => listOf(required)),
  };
}

/** Throws ClusterError `invalid_request` or `unsupported_feature`, with `param` as the field's name. */
export function toGrammar(root: unknown, param: string): string {
  const rules = new Map<string, string>(Object.entries(baseRules));
  const named = new Map<Schema, string>();
  let count = 0;

  const define = (body: string, name = `r${count++}`): string => {
    rules.set(name, body);
    return name;
  };

  /** A rule of its own for each schema object, so that schemas may refer to themselves. */
  const ruleFor = (schema: unknown, scope: Schema, depth: number): string => {
    if (schema === undefined || schema === true) return 'value';
    if (!isSchema(schema)) throw new ClusterError('invalid_request', 'A part of the schema is not an object.', { param });
    const known = named.get(schema);
    if (known !== undefined) return known;
    const name = `r${count++}`;
    named.set(schema, name);
    return define(bodyOf(schema, scope, depth), name);
  };

  const alternatives = (options: readonly unknown[], scope: Schema, depth: number): string =>
    options.map((option) => ruleFor(option, scope, depth + 1)).join(' | ');

  const pairOf = (name: string, schema: unknown, scope: Schema, depth: number) =>
    `${toJsonLiteral(name)} ":" sp ${ruleFor(schema, scope, depth + 1)}`;

  /** Two rules for what may follow a property: one for "something came before" (a comma is due) and one for "nothing yet". */
  const propertiesBody = (schema: Schema, scope: Schema, depth: number): string => {
    const required = new Set(listOf(schema['required']));
    let later = { first: '', next: '' };
    for (const [name, property] of Object.entries(schema['properties'] as Schema).reverse()) {
      const pair = pairOf(name, property, scope, depth);
      const withFirst = `${pair} ${later.next}`;
      const withNext = `"," sp ${pair} ${later.next}`;
      const isRequired = required.has(name);
      later = {
        first: define(isRequired ? withFirst : `${withFirst} | ${later.first || '""'}`),
        next: define(isRequired ? withNext : `${withNext} | ${later.next || '""'}`),
      };
    }
    return `"{" ${later.first} "}"`;
  };

  const objectBody = (schema: Schema, scope: Schema, depth: number): string => {
    const properties = schema['properties'];
    if (isSchema(properties) && Object.keys(properties).length > 0) return propertiesBody(schema, scope, depth);
    const others = schema['additionalProperties'];
    if (others === false) return '"{" "}"';
    const pair = `string ":" sp ${ruleFor(others, scope, depth + 1)}`;
    return `"{" (${pair} ("," sp ${pair})*)? "}"`;
  };

  const arrayBody = (schema: Schema, scope: Schema, depth: number): string => {
    const fixed = listOf(schema['prefixItems']);
    if (fixed.length > 0) return `"[" ${fixed.map((item) => ruleFor(item, scope, depth + 1)).join(' "," sp ')} "]"`;
    const item = ruleFor(schema['items'], scope, depth + 1);
    const least = Math.min(countOf(schema['minItems']) ?? 0, mostBoundedItems);
    const asked = countOf(schema['maxItems']);
    const most = asked === undefined || asked > mostBoundedItems ? undefined : asked;
    if (most === 0) return '"[" "]"';
    const list = `${item} ("," sp ${item})${toRepeat(least > 1 ? least - 1 : undefined, most === undefined ? undefined : most - 1)}`;
    return least > 0 ? `"[" ${list} "]"` : `"[" (${list})? "]"`;
  };

  const stringBody = (schema: Schema): string => {
    const [least, most] = [countOf(schema['minLength']), countOf(schema['maxLength'])];
    const isBounded = (least ?? 0) <= longestBoundedString && (most ?? 0) <= longestBoundedString;
    return isBounded ? `"\\"" char${toRepeat(least, most)} "\\""` : 'string';
  };

  const numberBody = (schema: Schema, isInteger: boolean): string => {
    const isPositive = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1) >= 0;
    return `${isPositive ? 'natural' : 'integer'}${isInteger ? '' : ' decimals'}`;
  };

  const typedBody = (type: unknown, schema: Schema, scope: Schema, depth: number): string => {
    switch (type) {
      case 'object':
        return objectBody(schema, scope, depth);
      case 'array':
        return arrayBody(schema, scope, depth);
      case 'string':
        return stringBody(schema);
      case 'integer':
      case 'number':
        return numberBody(schema, type === 'integer');
      case 'boolean':
      case 'null':
        return type;
      default:
        throw new ClusterError('invalid_request', `The schema has the unknown type ${JSON.stringify(type)}.`, { param });
    }
  };

  const inferType = (schema: Schema): string | undefined => {
    if (schema['properties'] !== undefined || schema['additionalProperties'] !== undefined) return 'object';
    if (schema['items'] !== undefined || schema['prefixItems'] !== undefined) return 'array';
    return schema['minLength'] !== undefined || schema['maxLength'] !== undefined || schema['pattern'] !== undefined ? 'string' : undefined;
  };

  const bodyOf = (schema: Schema, outer: Schema, depth: number): string => {
    if (depth > deepestSchema) throw new ClusterError('invalid_request', 'The schema is nested too deeply.', { param });
    const refused = refusedKeywords.find((keyword) => keyword in schema);
    if (refused !== undefined) throw new ClusterError('unsupported_feature', `Schemas with "${refused}" are not supported.`, { param });
    const scope = schema['$defs'] !== undefined || schema['definitions'] !== undefined ? schema : outer;
    if (typeof schema['$ref'] === 'string') return ruleFor(resolve(schema['$ref'], scope, param), scope, depth + 1);
    if ('const' in schema) return toJsonLiteral(schema['const']);
    if (Array.isArray(schema['enum'])) return schema['enum'].map(toJsonLiteral).join(' | ');
    const choices = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(choices) && choices.length > 0) return alternatives(choices, scope, depth);
    if (Array.isArray(schema['allOf'])) {
      const parts = schema['allOf'].map((part) =>
        isSchema(part) && typeof part['$ref'] === 'string' ? resolve(part['$ref'], scope, param) : part,
      );
      return bodyOf(mergeAllOf(schema, parts.filter(isSchema)), scope, depth + 1);
    }
    const type = schema['type'] ?? inferType(schema);
    if (type === undefined) return 'value';
    if (Array.isArray(type)) return type.map((one) => define(typedBody(one, schema, scope, depth))).join(' | ');
    return typedBody(type, schema, scope, depth);
  };

  const top = ruleFor(root, isSchema(root) ? root : {}, 0);
  return [`root ::= ${top}`, ...Array.from(rules, ([name, body]) => `${name} ::= ${body}`)].join('\n');
}
