import { execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@cluster-ai/runtime';
import { openDatabase } from '../open-database.ts';

const run = promisify(execFile);
const INSTALLED_AT = '/usr/lib/postgresql';

/** A PostgreSQL server of its own for one test file: temporary folder, Unix socket only; it survives its own end, not that of the machine. */
export interface ThrowawayPostgres extends AsyncDisposable {
  /** A URL of a new database with today's schema and no rows: opening it migrates nothing. */
  createDatabase(): Promise<string>;
  /** A URL of a new database without anything in it. */
  createEmptyDatabase(): Promise<string>;
  /** Ends it as a power cut would, and starts it again. */
  restart(): Promise<void>;
}

/** Where PostgreSQL's programs are, or `undefined`: then the tests that need them say so and are skipped. */
export async function findPostgresPrograms(): Promise<string | undefined> {
  const versions = await readdir(INSTALLED_AT).catch(() => []);
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  if (newest !== undefined) return join(INSTALLED_AT, newest, 'bin');
  process.stderr.write(`Tests on PostgreSQL are skipped: no server programs below ${INSTALLED_AT} (Debian: apt install postgresql).\n`);
  return undefined;
}

async function findUser(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const ask = async (flag: string) => Number((await run('id', [flag, name])).stdout);
  return { uid: await ask('-u'), gid: await ask('-g') };
}

/** PostgreSQL refuses to run as root; then it gets the user that its package made. */
async function chooseUser(): Promise<{ uid: number; gid: number } | undefined> {
  return process.getuid?.() === 0 ? findUser('postgres') : undefined;
}

export async function startThrowawayPostgres(programs: string): Promise<ThrowawayPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-postgres-'));
  const user = await chooseUser();
  if (user) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o700);
  const as: SpawnOptions = { cwd: folder, ...user };
  await run(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as);

  const start = async () => {
    const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'shared_buffers=16MB', 'max_connections=30', 'fsync=off'];
    const flags = settings.flatMap((setting) => ['-c', setting]);
    const server = spawn(join(programs, 'postgres'), ['-D', join(folder, 'data'), ...flags], { ...as, stdio: 'ignore' });
    await untilItAnswers(programs, folder, as);
    return server;
  };
  let server = await start();
  const end = async (signal: 'SIGQUIT' | 'SIGINT') => {
    if (server.exitCode !== null) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  };
  let count = 0;
  const toUrl = (name: string) => `postgres://tester@localhost/${name}?host=${encodeURIComponent(folder)}`;
  const create = async (template: string) => {
    const name = `test${++count}`;
    await run(join(programs, 'createdb'), ['-h', folder, '-U', 'tester', '-T', template, name], as);
    return toUrl(name);
  };
  const migrated = 'template1';
  await (await openDatabase({ url: toUrl(migrated), folder: { database: '' }, log: silentLogger }))[Symbol.asyncDispose]();
  return {
    createDatabase: () => create(migrated),
    createEmptyDatabase: () => create('template0'),
    async restart() {
      await end('SIGQUIT');
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(programs: string, folder: string, as: SpawnOptions): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await run(join(programs, 'pg_isready'), ['-h', folder], as).catch(() => undefined);
    if (answer) return;
    if (Date.now() > deadline) throw new Error('The throw-away PostgreSQL did not start.');
  }
}
