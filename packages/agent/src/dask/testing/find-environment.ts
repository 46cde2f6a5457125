import { toCondition } from '@cluster-ai/contracts';
import { findPythonOrSay } from '../../../../runtime/src/python-environment/testing/shared-python.ts';
import type { ReadyEnvironment, WorkerEnvironment } from '../worker-environment.ts';

/** A Python with Dask, made in the checkout's cache the first time; `undefined` where it cannot be made, and why is printed. */
export const findTestEnvironment = (): Promise<ReadyEnvironment | undefined> => findPythonOrSay('workers of Dask');

/** One that is there already. */
export function toMadeEnvironment(ready: ReadyEnvironment): WorkerEnvironment {
  return {
    condition: () => toCondition('ready', 'serving', 0),
    progress: () => null,
    ensure: async () => ready,
    onChange: () => () => {},
  };
}
