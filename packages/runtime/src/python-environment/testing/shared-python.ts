import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { silentLogger } from '../../logger.ts';
import { ENVIRONMENTS_VARIABLE, openPythonEnvironment, type ReadyPython } from '../python-environment.ts';

const makeWithinMs = 8 * 60_000;

function findCheckout(from: string): string {
  return existsSync(join(from, 'package-lock.json')) ? from : findCheckout(dirname(from));
}

/** Where tests of this checkout keep the environment, so that it is made once. Started clusters are told by this variable. */
export function useSharedEnvironments(): string {
  process.env[ENVIRONMENTS_VARIABLE] ??= join(findCheckout(import.meta.dirname), '.cache', 'python');
  return process.env[ENVIRONMENTS_VARIABLE];
}

/** The environment that tests share: made the first time, which takes a minute or two. A text says why there is none here. */
export async function findSharedPython(): Promise<ReadyPython | string> {
  const stop = new AbortController();
  const environment = openPythonEnvironment({ folder: useSharedEnvironments(), python: '', clock: systemClock, log: silentLogger });
  const failed = new Promise<string>((resolve) => {
    environment.onChange(() => {
      const { state, message } = environment.condition();
      if (state === 'failed' || state === 'stopped') resolve(message);
    });
  });
  const ready = environment.ensure(AbortSignal.any([stop.signal, AbortSignal.timeout(makeWithinMs)]));
  ready.catch(() => {});
  const found = await Promise.race([ready, failed]);
  stop.abort();
  return found;
}

/** The same for tests that only run or skip: why there is none is printed. */
export async function findPythonOrSay(what: string): Promise<ReadyPython | undefined> {
  const found = await findSharedPython();
  if (typeof found !== 'string') return found;
  process.stdout.write(`Skipped, ${what}: ${found}\n`);
  return undefined;
}
