import { findPythonOrSay } from '../../packages/runtime/src/python-environment/testing/shared-python.ts';

/** A Python with everything that workers have, for tests of what runs there; `undefined`, with a printed reason, where there is none. */
export async function findDaskPython(): Promise<string | undefined> {
  return (await findPythonOrSay('what tasks do'))?.python;
}
