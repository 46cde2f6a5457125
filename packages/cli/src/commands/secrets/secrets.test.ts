import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Bench, isAlive, until } from '../../../fixtures/run-program.ts';

let bench: Bench;
afterEach(() => bench[Symbol.asyncDispose]());

const readProcess = (pid: number, name: 'environ' | 'cmdline') => readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', '\n');

test('a value is no argument: every user of the machine could read it in ps', async () => {
  bench = new Bench();
  const { code, stderr } = await bench.run(['secrets', 'set', 'mail', 'my-password', '--json']);
  expect(code).toBe(2);
  expect(stderr).not.toContain('my-password');
});

test.runIf(process.platform === 'linux')('the master key goes to the control plane and to nobody else', async () => {
  bench = new Bench();
  const key = 'bm90IGEgcmVhbCBrZXksIGJ1dCBvbmUgdG8gZmluZCE=';
  const up = bench.start(['up', '--json', '--port', '0'], { CLUSTER_AI_KEY: key, CREDENTIALS_DIRECTORY: bench.folder });
  await until(() => bench.starts('agent').length > 0 || up.process.exitCode !== null);
  const environmentOf = (name: 'control-plane' | 'agent') => readProcess(bench.starts(name)[0]?.pid ?? 0, 'environ');
  expect(environmentOf('control-plane')).toContain(key);
  expect(environmentOf('agent')).not.toMatch(new RegExp(`${key}|CREDENTIALS_DIRECTORY`));
  expect(isAlive(up.process.pid ?? 0)).toBe(true);
});

test.runIf(process.platform === 'linux')('a token on the command line is covered once it has been read', async () => {
  bench = new Bench();
  const token = 'cai_join_k3y.c2VjcmV0c2VjcmV0.ZmluZ2VycHJpbnQ';
  const joining = bench.start(['join', '127.0.0.1:7443', '--token', token]);
  await until(() => bench.starts('agent').length > 0 || joining.process.exitCode !== null);
  expect(readProcess(joining.process.pid ?? 0, 'cmdline')).not.toContain('c2VjcmV0');
  expect(bench.starts('agent')[0]?.token).toBe(token);
});
