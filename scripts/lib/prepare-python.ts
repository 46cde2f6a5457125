// Makes the Python environment that the tests of compute share, so that no test has to wait for it. Where it cannot be made they say why.
import { findPythonOrSay } from '../../packages/runtime/src/python-environment/testing/shared-python.ts';

await findPythonOrSay('tests of compute');
process.exit(); // it would be tried again
