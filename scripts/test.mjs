// `npm test`: sets up, checks, runs every test, and ends with one line for the whole. `--long` also installs large
// programs of other people to test with them, and takes guards out (mutations).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printCheck, runChecks } from './lib/checks.mjs';
import { forgetFuzz, renderFuzz } from './lib/fuzz-report.mjs';
import { renderKills } from './lib/kill-proofs.mjs';
import { failWithSentence, prepare, root } from './lib/launch.mjs';
import { describeCommit, renderProofs, runMutations } from './lib/mutations.mjs';
import { runVitest } from './lib/run-vitest.mjs';

const args = process.argv.slice(2).filter((argument) => argument !== '--long');
const isLong = process.argv.includes('--long');

function printSkips(skipped) {
  if (skipped.length > 0) process.stdout.write('\nSkipped:\n');
  for (const { name, reason } of skipped) process.stdout.write(`  ${name}\n    ${reason || 'gives no reason'}\n`);
}

function printMutation({ patch, test, problem }) {
  process.stdout.write(problem === undefined ? `✔ ${patch}: noticed by ${test}\n` : `✘ ${patch}: ${problem}\n`);
}

function tallyOf(results) {
  const failed = results.filter(({ ok }) => !ok).length;
  return { passed: results.length - failed, failed };
}

function proveGuards(node) {
  const results = runMutations({ node, root, onResult: printMutation });
  const kills = renderKills(root, describeCommit(root));
  const proofs = renderProofs(results, describeCommit(root), renderFuzz(root));
  writeFileSync(join(root, 'docs', 'proofs.md'), `${proofs}${kills === '' ? '' : `\n${kills}`}`);
  return tallyOf(results.map(({ problem }) => ({ ok: problem === undefined })));
}

/** Mostly a download, so it goes on beside the checks. */
async function preparePython(node) {
  const making = spawn(node, [join(root, 'scripts/lib/prepare-python.ts')], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  await once(making, 'exit');
}

async function main() {
  const node = await prepare({ withDevelopment: true });
  const [checked] = await Promise.all([runChecks({ node, root, onResult: printCheck }), preparePython(node)]);
  const checks = tallyOf(checked);
  forgetFuzz(root);
  const tests = await runVitest({ node, root, args, isLong });
  const proofs = isLong ? proveGuards(node) : { passed: 0, failed: 0 };
  printSkips(tests.skipped);
  const passed = checks.passed + tests.passed + proofs.passed;
  const failed = checks.failed + tests.failed + proofs.failed;
  process.stdout.write(`\n${passed} passed, ${failed} failed${tests.skipped.length === 0 ? '' : `, ${tests.skipped.length} skipped`}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main().catch((error) => {
  failWithSentence(error);
  process.stdout.write('0 passed, 1 failed\n');
});
