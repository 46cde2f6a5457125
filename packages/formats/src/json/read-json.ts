import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A map, so that no key is mistaken for a part of the language. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

export interface JsonDocument {
  readonly value: JsonValue;
  /** Keys that an object has more than once: parsers differ in which one they take. The last one is in the value. */
  readonly keysTwice: readonly string[];
}

const MAX_DEPTH = 200;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACES = /[ \t\n\r]*/y;
// Python's json writes NaN and the infinities
const SCALAR = /-?Infinity|NaN|true|false|null|-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,9})?/y;
const words = new Map<string, null | boolean>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

export const isObject = (value: JsonValue | undefined): value is JsonObject => value instanceof Map;
export const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

/** Parses JSON, strict about its grammar and about depth, and tells keys that come twice. Throws BrokenStructure, BudgetSpent. */
export function readJson(text: string, budget: Budget): JsonDocument {
  let at = 0;
  const keysTwice: string[] = [];

  const fail = (wanted: string): never => {
    throw new BrokenStructure(`JSON: ${wanted} at ${at}`);
  };

  function match(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  }

  function peek(): string {
    budget.spend('steps', 1);
    match(SPACES);
    return text[at] ?? '';
  }

  function expect(character: string): void {
    if (peek() !== character) fail(`'${character}'`);
    at++;
  }

  function readString(): string {
    expect('"');
    const start = at;
    for (; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    if (at >= text.length) fail('the end of a string');
    at++;
    budget.spend('steps', (at - start) >> 4);
    const written = text.slice(start - 1, at);
    try {
      return JSON.parse(written) as string;
    } catch {
      return fail('a string');
    }
  }

  function readList(depth: number): JsonValue[] {
    const list: JsonValue[] = [];
    at++;
    if (peek() === ']') at++;
    else {
      do list.push(readValue(depth + 1));
      while (peek() === ',' && ++at);
      expect(']');
    }
    return list;
  }

  function readEntry(object: Map<string, JsonValue>, depth: number): void {
    const key = readString();
    expect(':');
    if (object.has(key)) keysTwice.push(key);
    object.set(key, readValue(depth + 1));
  }

  function readObject(depth: number): JsonObject {
    const object = new Map<string, JsonValue>();
    at++;
    if (peek() === '}') at++;
    else {
      do readEntry(object, depth);
      while (peek() === ',' && ++at);
      expect('}');
    }
    return object;
  }

  function readScalar(): JsonValue {
    const word = match(SCALAR);
    if (word === '') fail('a value');
    const known = words.get(word);
    return known === undefined ? Number(word) : known;
  }

  function readValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) fail('less depth');
    const next = peek();
    if (next === '{') return readObject(depth);
    if (next === '[') return readList(depth);
    return next === '"' ? readString() : readScalar();
  }

  const value = readValue(0);
  if (peek() !== '') fail('the end');
  return { value, keysTwice };
}
