import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const BUILD_AND_INSTALL_MS = 400_000;

let folder = '';
const installed = (...path: string[]) => join(folder, 'node_modules', ...path);
const run = (command: string, args: readonly string[], cwd: string) =>
  execFileSync(command, [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CLUSTER_AI_HOME: join(folder, 'data') },
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  run(process.execPath, [join(root, 'scripts/build.mjs')], root);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // scripts are allowed here, as on other people's machines: the package must not bring one that matters
  const tarball = join(root, 'dist', `cluster-ai-${version}.tgz`);
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false', tarball], folder);
}, BUILD_AND_INSTALL_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package runs from an empty folder', () => {
  const program = installed('.bin', 'cluster-ai');
  expect(run(program, ['--version'], folder).trim()).toBe(version);
  expect(run(program, ['join', '--help'], folder)).toContain('--token');
});

test('what is started by its path was built as a file of its own', () => {
  const files = readdirSync(installed('cluster-ai', 'lib'));
  for (const name of [
    'cluster-ai.js',
    'control-plane.js',
    'agent.js',
    'agent-engines-llama-cpp-child-main.js',
    'control-plane-stores-sqlite-sqlite-worker.js',
  ]) {
    expect(files).toContain(name);
  }
});

test('the web page and the starter model are inside', () => {
  expect(existsSync(installed('cluster-ai', 'web', 'index.html'))).toBe(true);
  expect(existsSync(installed('cluster-ai', 'assets', 'starter', 'cluster-ai-starter.gguf'))).toBe(true);
});

test('the engine comes for this platform, without GPU builds, sources or a script at install time', () => {
  expect(readdirSync(installed('@node-llama-cpp')).filter((name) => /cuda|vulkan/.test(name))).toEqual([]);
  expect(readdirSync(installed('@node-llama-cpp'))).toContain(`${process.platform}-${process.arch}`);
  const engine = installed('cluster-ai', 'node_modules', 'node-llama-cpp');
  expect(existsSync(join(engine, 'llama', 'gitRelease.bundle'))).toBe(false);
  expect(JSON.parse(readFileSync(join(engine, 'package.json'), 'utf8')).scripts).toBeUndefined();
});

test('nothing of this machine is inside', () => {
  for (const file of readdirSync(installed('cluster-ai', 'lib')))
    expect(readFileSync(installed('cluster-ai', 'lib', file), 'utf8')).not.toContain(root);
});
