import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}
interface Install {
  findInstalled(root: string): string;
}
interface Fingerprint {
  isFresh(stamp: string, paths: readonly string[]): boolean;
  stampFor(paths: readonly string[]): object;
  writeStamp(file: string, stamp: object): void;
}
interface PinnedNode {
  findNode(root: string, running: { readonly version: string; readonly path: string }): string;
}

// plain JavaScript without types: these run before anything is installed
const load = async (name: string) => (await import(join(import.meta.dirname, 'lib', name))) as unknown;
const { findInstalled } = (await load('install.mjs')) as Install;
const { isFresh, stampFor, writeStamp } = (await load('fingerprint.mjs')) as Fingerprint;
const { findNode } = (await load('pinned-node.mjs')) as PinnedNode;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const wanted: Readonly<Record<string, Entry>> = {
  'node_modules/runtime': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/tool': { version: '1.0.0', integrity: 'sha512-b', dev: true },
  'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-c', optional: true },
  'node_modules/@cluster-ai/cli': { link: true },
};

function write(installed: Readonly<Record<string, Entry>> | undefined): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  if (installed) writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
}

const { 'node_modules/runtime': runtime = {}, 'node_modules/tool': tool = {}, 'node_modules/other-platform': platform = {} } = wanted;

test.each([
  ['nothing', 'there is no node_modules', undefined],
  ['everything', 'all is there but what is for other platforms', { 'node_modules/runtime': runtime, 'node_modules/tool': tool }],
  ['runtime', 'the tools are missing', { 'node_modules/runtime': runtime }],
  ['nothing', 'a package has another version', { 'node_modules/runtime': { ...runtime, version: '2.0.0' } }],
  ['nothing', 'a package has other bytes', { 'node_modules/runtime': { ...runtime, integrity: 'sha512-x' } }],
  [
    'nothing',
    'an optional package has another version',
    { 'node_modules/runtime': runtime, 'node_modules/other-platform': { ...platform, version: '2.0.0' } },
  ],
])('says "%s" when %s', (expected, _when, installed) => {
  write(installed);
  expect(findInstalled(root)).toBe(expected);
});

test('a clone without a lockfile is not complete, and says so', () => {
  expect(() => findInstalled(root)).toThrow('not complete');
});

test('sources count as changed when their content did, not when they were only touched', () => {
  const source = join(root, 'source.ts');
  const stamp = join(root, 'stamp.json');
  writeFileSync(source, 'one');
  expect(isFresh(stamp, [source])).toBe(false);
  writeStamp(stamp, stampFor([source]));
  expect(isFresh(stamp, [source])).toBe(true);
  utimesSync(source, 1000, 1000);
  expect(isFresh(stamp, [source])).toBe(true);
  writeFileSync(source, 'two');
  expect(isFresh(stamp, [source])).toBe(false);
  writeStamp(stamp, stampFor([source]));
  writeFileSync(join(root, 'another.ts'), '');
  expect(isFresh(stamp, [root])).toBe(false);
});

test('a stamp that was half written counts as none', () => {
  const stamp = join(root, 'stamp.json');
  writeFileSync(stamp, '{"quick":');
  expect(isFresh(stamp, [root])).toBe(false);
});

test('a Node that is new enough is used as it is, an older one hands over to the packaged one', () => {
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  expect(findNode(root, { version: '24.1.0', path: '/somewhere/node' })).toBe('/somewhere/node');
  expect(() => findNode(root, { version: '20.20.2', path: '/somewhere/node' })).toThrow('Install Node 24');
  mkdirSync(join(packaged, '..'), { recursive: true });
  writeFileSync(packaged, '');
  expect(findNode(root, { version: '20.20.2', path: '/somewhere/node' })).toBe(packaged);
  expect(findNode(join(root, 'node_modules', 'cluster-ai'), { version: '20.20.2', path: '/somewhere/node' })).toBe(packaged);
});
