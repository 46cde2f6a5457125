// `npm run check`: formatting, types, borders, dead code.
import { printCheck, runChecks } from './lib/checks.mjs';
import { failWithSentence, prepare, root } from './lib/launch.mjs';

try {
  const node = await prepare({ withDevelopment: true, withWeb: false });
  const results = await runChecks({ node, root, onResult: printCheck });
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  failWithSentence(error);
}
