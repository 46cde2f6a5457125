// Takes guards out, one at a time, and sees that a test notices. A guard whose removal no test notices protects nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const patchFolder = (root) => join(root, 'test', 'mutations');

/** The first lines of a patch: `# test: path -t name`, and `# guard: what is taken out`. */
export function readHeader(text) {
  const field = (name) => new RegExp(`^# ${name}: (.+)$`, 'm').exec(text)?.[1]?.trim();
  const [path, name] = field('test')?.split(/ -t /) ?? [];
  return path === undefined || name === undefined
    ? undefined
    : { path, name: name.replace(/^["']|["']$/g, ''), guard: field('guard') ?? '' };
}

/** A copy of the committed tree that shares installed packages, but has its own workspaces. */
function makeWorktree(root) {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-ai-mutation-'));
  execFileSync('git', ['worktree', 'add', '--detach', '--force', folder, 'HEAD'], { cwd: root, stdio: 'ignore' });
  mkdirSync(join(folder, 'node_modules', '@cluster-ai'), { recursive: true });
  for (const entry of readdirSync(join(root, 'node_modules'))) {
    if (entry !== '@cluster-ai') symlinkSync(join(root, 'node_modules', entry), join(folder, 'node_modules', entry));
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules', '@cluster-ai', name));
    const own = join(root, 'packages', name, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(folder, 'packages', name, 'node_modules'));
  }
  return folder;
}

function removeWorktree(root, folder) {
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: root, stdio: 'ignore' });
}

const git = (folder, args) => spawnSync('git', args, { cwd: folder, encoding: 'utf8' });

function runTest(node, folder, { path, name }) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  spawnSync(node, [vitest, 'run', path, '-t', name, '--reporter=json', `--outputFile=${report}`], { cwd: folder, stdio: 'ignore' });
  if (!existsSync(report)) return { passed: 0, failed: 0 };
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests };
}

/** What is wrong, if anything: the test must pass as things are, and fail without the guard. */
function judge(node, folder, patch, header) {
  const before = runTest(node, folder, header);
  if (before.passed === 0 || before.failed > 0)
    return `the test does not pass on its own (${before.passed} passed, ${before.failed} failed)`;
  const applied = git(folder, ['apply', patch]);
  if (applied.status !== 0) return `the patch does not apply: ${applied.stderr.trim()}`;
  const after = runTest(node, folder, header);
  git(folder, ['checkout', '--quiet', '--', '.']);
  return after.failed > 0 ? undefined : 'the test did not notice';
}

/** Runs all mutations; each result is `{ patch, guard, test, problem }`, without a problem where the test failed as it must. */
export function runMutations({ node, root, onResult }) {
  const patches = existsSync(patchFolder(root))
    ? readdirSync(patchFolder(root))
        .filter((file) => file.endsWith('.patch'))
        .sort()
    : [];
  if (patches.length === 0) return [];
  const folder = makeWorktree(root);
  process.env['CLUSTER_AI_PYTHON_ENVIRONMENTS'] ??= join(root, '.cache', 'python'); // made once, not again in each copy
  try {
    return patches.map((file) => {
      const path = join(patchFolder(root), file);
      const header = readHeader(readFileSync(path, 'utf8'));
      const problem = header === undefined ? 'its first lines name no test' : judge(node, folder, path, header);
      const result = {
        patch: file,
        guard: header?.guard ?? '',
        test: header === undefined ? '' : `${header.path}: ${header.name}`,
        problem,
      };
      onResult(result);
      return result;
    });
  } finally {
    removeWorktree(root, folder);
  }
}

const cell = (text) => text.replaceAll('|', '\\|');

/** The commit that the proofs are of. */
export const describeCommit = (root) => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

/** What docs/proofs.md says; `more` are sections of other runs. */
export function renderProofs(results, commit, more = []) {
  const rows = results.map(
    ({ patch, guard, test, problem }) =>
      `| ${cell(guard || patch)} | ${cell(test)} | ${problem === undefined ? 'noticed' : `**${cell(problem)}**`} |`,
  );
  return [
    '# Proofs',
    '',
    'Each row is a guard that was taken out of the code (`test/mutations/*.patch`), and the test that has to notice.',
    `Written by \`npm run test:long\` on commit ${commit}, ${new Date().toISOString()}; do not edit.`,
    '',
    '| guard taken out | test | outcome |',
    '| --- | --- | --- |',
    ...rows,
    '',
    ...more,
  ].join('\n');
}
