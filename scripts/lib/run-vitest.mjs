// Runs the tests and counts what came out.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // the run ended before it could count
  }
}

/** Runs vitest with these arguments, and with tests that may install what takes minutes where `isLong`; resolves to `{ passed, failed, skipped: [{ name, reason }] }`. */
export async function runVitest({ node, root, args = [], isLong = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-ai-tally-'));
  const file = join(folder, 'tally.json');
  mkdirSync(join(root, 'artefacts'), { recursive: true });
  const reporters = ['default', 'json', join(root, 'scripts/lib/tally-reporter.mjs')].flatMap((name) => ['--reporter', name]);
  const command = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, '--outputFile.json=artefacts/vitest.json', ...args];
  const child = spawn(node, command, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CLUSTER_AI_TALLY_FILE: file, ...(isLong ? { CLUSTER_AI_LONG_TESTS: '1' } : {}) },
  });
  const code = await new Promise((resolve) => child.once('exit', (ended) => resolve(ended ?? 1)));
  const tally = readTally(file) ?? { passed: 0, failed: 0, skipped: [] };
  rmSync(folder, { recursive: true, force: true });
  // vitest saw a failure that no test case carries
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}
