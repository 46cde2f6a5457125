import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, createManualClock, systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts';

/*
 * A stand-in for Python: says which version it is, makes an environment that is a copy of itself, and as pip writes down that it was called,
 * then does what the file `pip` beside it says. What the real one installs is tested with the real Dask.
 */
const standIn = (home: string) => `#!/bin/sh
case "$*" in
  *sys.executable*) echo "${home}/python"; echo 3.12 ;;
  *"import json"*) echo '{"python":"3.12.1","dask":"1","distributed":"1","cloudpickle":"1"}' ;;
  *platform*) echo 3.12.1 ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "${home}/python" "$3/bin/python" ;;
  "-m pip "*) echo "$*" >> "${home}/calls"; . "${home}/pip" ;;
esac
`;
const versions = { python: '3.12.1', dask: '1', distributed: '1', cloudpickle: '1' };

let home: string;
let path: string | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cai-python-'));
  writeFileSync(join(home, 'python'), standIn(home));
  chmodSync(join(home, 'python'), 0o755);
  pip('true');
  writeFileSync(join(home, 'calls'), '');
  path = process.env['PATH'];
  process.env['PATH'] = '/usr/bin:/bin'; // where no uv is
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(home, { recursive: true, force: true });
});

const pip = (script: string) => writeFileSync(join(home, 'pip'), script);
const calls = () => readFileSync(join(home, 'calls'), 'utf8').split('\n').filter(Boolean);
const never = new AbortController().signal;

const openIt = (clock: Clock = systemClock, more: { python?: string; minor?: string } = {}) =>
  openPythonEnvironment({ folder: join(home, 'made'), python: join(home, 'python'), clock, log: silentLogger, ...more });

/** The next condition of this reason. */
const become = (environment: PythonEnvironment, reason: string) =>
  new Promise<ReturnType<PythonEnvironment['condition']>>((resolve) => {
    const stop = environment.onChange(() => {
      if (environment.condition().reason !== reason) return;
      stop();
      resolve(environment.condition());
    });
  });

test('it is installed by hash, from wheels alone, and only what is locked', async () => {
  const environment = openIt();
  expect(await environment.ensure(never)).toMatchObject({ versions });
  expect(environment.condition().state).toBe('ready');
  const [call = ''] = calls();
  for (const flag of ['--require-hashes', '--only-binary :all:', '--no-deps', 'requirements.lock']) expect(call).toContain(flag);
});

test('one that was finished is used again, one that was not is made again', async () => {
  const { folder } = await openIt().ensure(never);
  await openIt().ensure(never);
  expect(calls()).toHaveLength(1);
  rmSync(join(folder, 'finished.json'));
  await openIt().ensure(never);
  expect(calls()).toHaveLength(2);
});

test('two that want it at once make it once', async () => {
  await Promise.all([openIt().ensure(never), openIt().ensure(never)]);
  expect(calls()).toHaveLength(1);
  expect(readdirSync(join(home, 'made')).filter((name) => !name.includes('.lock'))).toHaveLength(1);
});

test('what pip says last is the reason, and it is tried again after a while', async () => {
  pip('echo "ERROR: Hash mismatch" >&2; exit 1');
  const clock = createManualClock();
  const environment = openIt(clock);
  const failed = become(environment, 'environment_failed');
  const made = environment.ensure(never);
  expect(await failed).toMatchObject({ state: 'failed', message: 'ERROR: Hash mismatch' });
  pip('true');
  const ready = become(environment, 'serving');
  await clock.advance(5000);
  await ready;
  expect((await made).versions).toEqual(versions);
});

test('without Python it says what to install', async () => {
  const environment = openIt(createManualClock(), { python: join(home, 'nothing') });
  const missing = become(environment, 'python_missing');
  void environment.ensure(never);
  expect(await missing).toMatchObject({
    state: 'stopped',
    message: expect.stringContaining('nothing'),
    hint: expect.stringContaining('python3-venv'),
  });
});

test('another minor version than the cluster’s is told, with the line that helps', async () => {
  const environment = openIt(createManualClock(), { minor: '3.10' });
  const other = become(environment, 'python_differs');
  void environment.ensure(never);
  expect(await other).toMatchObject({
    state: 'stopped',
    message: expect.stringContaining('3.12'),
    hint: expect.stringContaining('apt install python3.10'),
  });
});

test('who stops waiting stops it', async () => {
  mkdirSync(join(home, 'made'), { recursive: true });
  pip('sleep 30');
  const stop = new AbortController();
  const environment = openIt();
  const made = environment.ensure(stop.signal);
  stop.abort(new Error('enough'));
  await expect(made).rejects.toThrow('enough');
});
