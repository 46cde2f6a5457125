import { ClusterError } from '@cluster-ai/contracts';
import { findFreeNames } from './find-free-names.ts';

/** What `map` runs: a function, the text of a module, or where a module lies (a path or a `file:` URL; in Node only). */
// biome-ignore lint/suspicious/noExplicitAny: what comes after the item is the caller's
export type MapInput<Item, Result> = ((item: Item, ...args: any[]) => Result | Promise<Result>) | string | URL;

const aloneHint = 'It is sent as text: put what it needs inside it, into `args`, or into a module that you name instead of the function.';

/** As an expression: methods (`double(x) { … }`) become one by an object around them. */
function toExpression(source: string): string {
  const isExpression = /^(?:async\b\s*)?(?:function\b|\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u.test(source);
  return isExpression ? `(${source})` : `Object.values({ ${source} })[0]`;
}

/** A function as a module that exports it. Throws `invalid_request` where its text is not all there is to it. */
function fromFunction(work: (...args: never[]) => unknown, names: readonly string[]): string {
  const source = String(work);
  const name = work.name === '' ? 'The function' : `The function "${work.name}"`;
  if (/\{\s*\[native code\]\s*\}$/.test(source) || /^class\b/.test(source))
    throw new ClusterError('invalid_request', `${name} has no text that could be sent: it is built in, bound, or a class.`, {
      hint: 'Wrap it: (item) => Math.sqrt(item)',
    });
  const free = findFreeNames(source).filter((found) => !names.includes(found));
  if (free.length > 0)
    throw new ClusterError('invalid_request', `${name} uses what is around it, which does not come along: ${free.join(', ')}.`, {
      hint: `${aloneHint} Names that every worker has can be allowed: { names: ['${free[0]}'] }.`,
    });
  return `export default ${toExpression(source)};\n`;
}

/** One line without spaces around it that ends like the name of a module. */
const isPlace = (text: string) => /^(?:file:.*|[^\n]*\.[cm]?[jt]sx?)$/.test(text) && !/\b(?:export|import)\s/.test(text);

/** The text of a module whose exports can be called. Throws `invalid_request`, `file_not_found`. */
export async function toBundle(work: MapInput<never, unknown>, names: readonly string[]): Promise<string> {
  if (typeof work === 'function') return fromFunction(work, names);
  if (work instanceof URL || isPlace(work)) return (await import('./read-module.ts')).readModule(work);
  if (/\bexport\b/.test(work)) return work;
  throw new ClusterError('invalid_request', 'The text is no module: it exports nothing.', {
    hint: 'Begin with "export default", as in: export default (item) => item * 2',
  });
}

/** What to add when a worker says that something is not defined. */
export const findClosureHint = (message: string): string | undefined => (/\bis not defined\b/.test(message) ? aloneHint : undefined);
