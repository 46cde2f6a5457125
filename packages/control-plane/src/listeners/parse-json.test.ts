import { describe, expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

const parse = (text: string) => parseJson(Buffer.from(text));
const refused = (message: RegExp) => expect.objectContaining({ code: 'invalid_json', message: expect.stringMatching(message) });

const thrown = (text: string) => {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('the JSON of a body', () => {
  test('is what was sent, whatever stands in its strings', () => {
    const value = { text: '{{{[[["\\":::', 'quote"key': '\\', list: [1, 'a\\\\'], nested: { deep: [[{}]] }, 'constructor ': 1 };
    expect(parse(JSON.stringify(value))).toEqual(value);
    expect(parse(JSON.stringify({ text: '['.repeat(5000) + ':'.repeat(100_000) }))).toBeTruthy();
  });

  test('attack 37: names that poison prototypes are refused, however they are written and wherever they stand', () => {
    for (const text of [
      '{"__proto__":{"role":"admin"}}',
      '{"a":[{"b":{"__proto__":1}}]}',
      '{"\\u005f\\u005fproto\\u005f_":{"x":1}}',
      '{"constructor":{"prototype":{"x":1}}}',
      '{"c\\u006fnstructor":{"prototype":1}}',
    ])
      expect(thrown(text), text).toEqual(refused(/__proto__/));
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
    // words about it are no attack
    expect(parse('{"content":"what does __proto__ do?","constructor":"a name"}')).toEqual({
      content: 'what does __proto__ do?',
      constructor: 'a name',
    });
  });

  test('attack 38: what is too deep, too large, or no JSON is refused before anything is built of it', () => {
    expect(thrown('['.repeat(100_000))).toEqual(refused(/levels deep/));
    expect(thrown(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`)).toEqual(refused(/levels deep/));
    expect(parse(`${'['.repeat(100)}${']'.repeat(100)}`)).toBeTruthy();
    const keys = Array.from({ length: 60_000 }, (_, index) => `"k${index}":0`).join(',');
    expect(thrown(`{${keys}}`)).toEqual(refused(/fields/));
    for (const text of ['', '  ', '{', 'NaN', '{"a":NaN}', '{"a":Infinity}', '\ufeff{}', "{'a':1}", '{"a":1}}', '"unfinished', '"\\"'])
      expect(thrown(text), text).toEqual(refused(/empty|not valid JSON/));
  });

  test('attack 38: of two fields with one name the last counts, as for everybody who reads it after us', () => {
    expect(parse('{"model":"a","model":"b"}')).toEqual({ model: 'b' });
  });
});
