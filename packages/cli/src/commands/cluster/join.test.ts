import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench, isAlive, until } from '../../../fixtures/run-program.ts';

test('runs an agent with the address, the token and the name, until it is stopped', async () => {
  await using bench = new Bench();
  const joined = bench.start(['join', '192.0.2.1:7443', '--token', 'secret', '--name', 'laptop', '--json']);
  await until(() => joined.output().includes('"nodeId"'));
  expect(bench.starts('agent')).toMatchObject([{ linkAddress: '192.0.2.1:7443', token: 'secret', name: 'laptop' }]);
  expect(JSON.parse((await bench.run(['status', '--json'])).stdout).process).toMatchObject({
    role: 'join',
    agent: { state: 'connected', name: 'laptop' },
  });
  expect((await bench.run(['down'])).code).toBe(0);
  expect((await joined.ended).code).toBe(0);
  expect(bench.starts('agent').filter(({ pid }) => isAlive(pid))).toEqual([]);
});

test.each(['join_token_used', 'join_token_expired', 'join_token_foreign', 'certificate_authority_mismatch'] as const)(
  'a refusal (%s) ends it with the reason and exit code 3',
  async (code) => {
    await using bench = new Bench();
    bench.script({ agent: { failWith: { code, message: 'No.', hint: 'Ask for a new one.' } } });
    const ended = await bench.run(['join', '192.0.2.1:7443', '--token', 'secret']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('No.\n  → Ask for a new one.');
  },
);

test('the folder of a control plane is not used for another agent', async () => {
  await using bench = new Bench();
  mkdirSync(join(bench.folder, 'state'));
  writeFileSync(join(bench.folder, 'state', 'cluster.db'), '');
  const { code, stderr } = await bench.run(['join', '192.0.2.1:7443', '--token', 'secret']);
  expect(code).toBe(1);
  expect(stderr).toContain('--data-dir');
  expect(bench.starts('agent')).toEqual([]);
});

test('an address that is none is a usage error', async () => {
  await using bench = new Bench();
  const { code, stderr } = await bench.run(['join', 'nonsense', '--token', 'secret']);
  expect(code).toBe(2);
  expect(stderr).toContain('host:port');
});
