import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { openPeopleApp } from '../../../../control-plane/src/access/people/testing/open-people-app.ts';
import { openDatabase } from '../../../../control-plane/src/stores/open-database.ts';
import { Bench } from '../../../fixtures/run-program.ts';

test('the owner of the machine manages people from the command line', async () => {
  await using bench = new Bench();
  await using database = await openDatabase({ url: '', folder: { database: join(bench.folder, 'cluster.db') }, log: silentLogger });
  await using app = await openPeopleApp(database, { isHost: true });
  const url = await app.listen();
  const run = async (...args: string[]) => bench.call(['users', ...args, '--url', url]);
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

  expect(await json('add', 'Ana', '--role', 'admin')).toMatchObject({
    person: { name: 'ana', role: 'admin', hasPassword: false },
    link: { path: expect.stringContaining('/ui/password#') },
  });
  const added = await run('add', 'bia', '--role', 'data_scientist', '--display-name', 'Bia');
  expect(added.stdout).toContain('Added "bia" as developer.');
  expect(added.stdout).toContain(`${url}/ui/password#`);
  expect(await json('role', 'bia', 'operator')).toMatchObject({ name: 'bia', role: 'operator' });
  expect(await json('disable', 'bia')).toMatchObject({ state: 'disabled' });
  expect(await json('enable', 'bia')).toMatchObject({ state: 'active' });
  expect(await json('reset-password', 'bia', '--yes')).toMatchObject({ path: expect.stringContaining('/ui/password#') });
  expect(await json('sessions', 'bia', '--end', '--yes')).toEqual({ name: 'bia', ended: true, sessions: [] });
  expect((await run('ls')).stdout).toContain('bia   operator  no password');
  expect(await run('rm', 'bia', '--json')).toMatchObject({ code: 2 }); // nobody can be asked
  expect(await run('erase', 'bia', '--json')).toMatchObject({ code: 2 });
  expect(await json('rm', 'bia', '--yes')).toMatchObject({ name: 'bia', removed: true });
  expect(await run('rm', 'bia', '--yes')).toMatchObject({ code: 4, stderr: expect.stringContaining('There is no person "bia"') });
  expect(await run('role', 'ana', 'viewer')).toMatchObject({ code: 1, stderr: expect.stringContaining('the last admin') });
  expect(await json('ls')).toMatchObject({ people: [{ name: 'ana' }] });

  expect(await json('add', 'ci', '--service')).toMatchObject({ person: { kind: 'service', name: 'ci' }, link: null });
  expect((await run('ls')).stdout).toMatch(/ci +developer +service/);
  expect(await json('limit', 'ci', '--tokens-per-day', '100', '--budget-tokens', '5000')).toMatchObject({
    limits: { tokensPerDay: 100, budgetTokens: 5000 },
  });
  expect((await run('usage', 'ci')).stdout).toContain('0 of 100 tokens a day; begins anew at ');
  expect(await run('limit', 'ci')).toMatchObject({ code: 2 });
  expect((await run('limit', 'ci', '--none')).stdout).toContain('"ci" may use: as much as there is.');

  const roles = async (...args: string[]) => (await bench.call(['roles', ...args, '--url', url])).stdout;
  expect(await roles('grant', 'ci', 'team/*', 'starter')).toContain('these models: team/*, starter.');
  expect(await roles('grant', 'ci', 'other')).toContain('team/*, starter, other.');
  expect(await roles('revoke', 'ci', 'starter', 'other')).toContain('these models: team/*.');
  expect((await bench.call(['roles', 'revoke', 'ci', 'team/qwen', '--url', url])).stderr).toContain(
    'was not granted to "ci" in these words',
  );
  expect(await roles('revoke', 'ci', 'team/*')).toContain('may use no model.');
  expect(await roles('ls')).toMatch(/people:write +✓ +- +- +-/);

  const keys = async (...args: string[]) => bench.call(['keys', ...args, '--url', url]);
  const made = JSON.parse((await keys('create', 'nightly', '--owner', 'ci', '--requests-per-day', '7', '--json')).stdout);
  expect(made).toMatchObject({ limits: { requestsPerDay: 7 } });
  expect((await keys('usage', made.id)).stdout).toContain('0 of 7 requests a day');
});
