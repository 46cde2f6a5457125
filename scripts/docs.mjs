// `npm run docs`: writes the pages that are generated from the code.
import { join } from 'node:path';
import { failWithSentence, prepare, root } from './lib/launch.mjs';
import { becomeProgram } from './lib/run-child.mjs';

try {
  const node = await prepare({ withDevelopment: true, withWeb: false });
  process.exitCode = await becomeProgram(node, [join(root, 'scripts/lib/write-reference.ts')]);
} catch (error) {
  failWithSentence(error);
}
