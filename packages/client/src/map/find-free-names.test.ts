import { expect, test } from 'vitest';
import { findFreeNames } from './find-free-names.ts';

const factor = 3;
const offset = { by: 1 };
const helper = (x: number) => x;

test.each<[string, (...args: never[]) => unknown]>([
  ['a plain arrow', (x: number) => x * 2],
  ['a loop with its own names', (count: number) => { let inside = 0, total = 1; for (let i = 0; i < count; i += 1) { inside += i; total = inside; } return { inside, total }; }],
  ['patterns and defaults', ({ a, b: { c } = { c: 1 } }: { a: number; b?: { c: number } }, [d, ...rest]: number[]) => [a, c, d, rest]],
  ['templates, strings and comments', (name: string) => `hello ${name.toUpperCase()} unknown`.concat('other words') /* not code */],
  ['regular expressions', (text: string) => text.split(/unknown[/]words/g).map((word) => word.replace(/"/, ''))],
  ['inner functions and recursion', function fib(n: number): number { function add(a: number, b: number) { return a + b; } return n < 2 ? n : add(fib(n - 1), fib(n - 2)); }],
  ['errors that are caught', (text: string) => { try { return JSON.parse(text); } catch (error) { return String(error); } }],
  ['classes inside', (x: number) => { class Point { #x = x; get value() { return this.#x; } } return new Point().value; }],
  ['labels, keys and ternaries', (x: number) => { for (const key of [x]) { if (key) break; } return x > 1 ? { low: x, high: x } : null; }],
])('%s stands alone', (_what, work) => {
  expect(findFreeNames(String(work))).toEqual([]);
}); // biome-ignore format: one function a line

test('what Node and modules have is no stranger', () => {
  // as text: the test runner rewrites imports
  const source = `async (url) => {
    const { createHash } = await import('node:crypto');
    return createHash('sha256').update(Buffer.from(new URL(url).href)).digest('hex') + new Float64Array(1)[0];
  }`;
  expect(findFreeNames(source)).toEqual([]);
});

test.each<[string, (...args: never[]) => unknown, readonly string[]]>([
  ['a value', (x: number) => x * factor, ['factor']],
  ['a value in a template', (x: number) => `${x}: ${factor}`, ['factor']],
  ['an object', (x: number) => x + offset.by, ['offset']],
  ['a function', (items: number[]) => items.map((item) => helper(item)), ['helper']],
])('%s from around it is named', (_what, work, names) => {
  expect(findFreeNames(String(work))).toEqual(names);
});
