import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { beforeAll, describe, expect, test } from 'vitest';
import { anyJsonObject, toGrammar } from './json-schema-grammar.ts';

let llama: Llama;
beforeAll(async () => {
  llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, logLevel: LlamaLogLevel.disabled });
});

/** Asks llama.cpp itself whether the text follows the grammar. */
async function accepts(schema: object, ...texts: string[]): Promise<boolean[]> {
  const grammar = await llama.createGrammar({ grammar: toGrammar(schema, 'schema') });
  const { _testText } = grammar as unknown as { _testText(text: string): boolean };
  return texts.map((text) => _testText.call(grammar, text));
}

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' }, note: { type: 'string' } },
  required: ['name', 'age'],
};

describe('objects', () => {
  test('have their properties in order; those not required may be left out', async () => {
    expect(
      await accepts(
        person,
        '{"name": "Ana", "age": 30}',
        '{"name":"Ana","age":30,"note":"x"}',
        '{"age":30,"name":"Ana"}',
        '{"name":"Ana"}',
        '{"name":"Ana","age":30,}',
        '{}',
      ),
    ).toEqual([true, true, false, false, false, false]);
  });

  test('with nothing required may begin anywhere', async () => {
    const schema = { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } } };
    expect(await accepts(schema, '{}', '{"a":null}', '{"b":null}', '{"a":null,"b":null}', '{,"b":null}', '{"b":null,"a":null}')).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('without named properties hold anything, or what additionalProperties says', async () => {
    expect(await accepts(anyJsonObject, '{}', '{"a": [1, {"b": null}], "c": "d"}', '[]', '{"a"}')).toEqual([true, true, false, false]);
    expect(await accepts({ type: 'object', additionalProperties: { type: 'boolean' } }, '{"a":true}', '{"a":1}')).toEqual([true, false]);
    expect(await accepts({ type: 'object', additionalProperties: false }, '{}', '{"a":1}')).toEqual([true, false]);
  });
});

test('integers are never too large to be exact, and numbers never endless', async () => {
  expect(await accepts({ type: 'integer' }, '0', '-7', '999999999999999', '9999999999999999', '18e63921', '01', '1.5')).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(await accepts({ type: 'number' }, '1.5', '-1e-9', '1e999', `0.${'1'.repeat(16)}`)).toEqual([true, true, false, false]);
  expect(await accepts({ type: 'integer', minimum: 0 }, '3', '-3')).toEqual([true, false]);
});

test('strings keep their escapes and lengths', async () => {
  expect(await accepts({ type: 'string' }, '"é \\n \\u00e9 \\""', '"a', '"\n"', '"\\x"')).toEqual([true, false, false, false]);
  expect(await accepts({ type: 'string', minLength: 2, maxLength: 3 }, '"a"', '"ab"', '"abc"', '"abcd"')).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('arrays keep their number of items', async () => {
  const schema = { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 };
  expect(await accepts(schema, '[]', '[true]', '[true, false]', '[true,true,true]')).toEqual([false, true, true, false]);
  expect(await accepts({ type: 'array' }, '[]', '[1,"a",{}]')).toEqual([true, true]);
  expect(await accepts({ type: 'array', items: {}, maxItems: 0 }, '[]', '[1]')).toEqual([true, false]);
  expect(await accepts({ prefixItems: [{ type: 'string' }, { type: 'null' }] }, '["a",null]', '[null,"a"]')).toEqual([true, false]);
});

test('choices: enum, const, anyOf, and several types', async () => {
  expect(await accepts({ enum: ['a "quoted"', 1, null] }, '"a \\"quoted\\""', '1', 'null', '2')).toEqual([true, true, true, false]);
  expect(await accepts({ const: { a: [1] } }, '{"a":[1]}', '{"a":[2]}')).toEqual([true, false]);
  expect(await accepts({ anyOf: [{ type: 'null' }, { type: 'integer' }] }, 'null', '5', '"x"')).toEqual([true, true, false]);
  expect(await accepts({ type: ['string', 'null'] }, '"x"', 'null', '1')).toEqual([true, true, false]);
});

test('allOf of objects is one object', async () => {
  const schema = {
    allOf: [{ $ref: '#/$defs/Base' }, { properties: { b: { type: 'null' } }, required: ['b'] }],
    $defs: { Base: { type: 'object', properties: { a: { type: 'null' } }, required: ['a'] } },
  };
  expect(await accepts(schema, '{"a":null,"b":null}', '{"a":null}')).toEqual([true, false]);
});

test('definitions may refer to themselves', async () => {
  const tree = {
    $ref: '#/$defs/Node',
    $defs: {
      Node: {
        type: 'object',
        properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/$defs/Node' } } },
        required: ['value', 'children'],
      },
    },
  };
  expect(await accepts(tree, '{"value":1,"children":[{"value":2,"children":[]}]}', '{"value":1,"children":[3]}')).toEqual([true, false]);
});

test.each([
  [{ $ref: '#/$defs/Missing' }, 'invalid_request'],
  [{ type: 'date' }, 'invalid_request'],
  [{ properties: { a: 5 } }, 'invalid_request'],
  [{ not: { type: 'null' } }, 'unsupported_feature'],
  [Array.from({ length: 100 }).reduce<object>((inner) => ({ items: inner }), {}), 'invalid_request'],
])('%j is refused', (schema, code) => {
  expect(() => toGrammar(schema, 'schema')).toThrow(expect.objectContaining({ code, param: 'schema' }));
});
