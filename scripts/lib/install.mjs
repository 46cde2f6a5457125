// Dependencies from the lockfile, installed only when something is missing.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isFresh, readStamp, stampFor, writeStamp } from './fingerprint.mjs';
import { runStep } from './run-child.mjs';

const stampPath = (root) => join(root, 'node_modules', '.cluster-ai', 'installed.json');
const lockPath = (root) => join(root, 'package-lock.json');

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

const isWanted = ({ link, dev, devOptional }, withDevelopment) => !link && (withDevelopment || !(dev || devOptional));

const isAsWanted = (wanted, installed) =>
  installed === undefined
    ? Boolean(wanted.optional || wanted.devOptional)
    : installed.version === wanted.version && installed.integrity === wanted.integrity;

/** Compares what npm says it installed with the lockfile. Optional packages may be missing, being for other platforms, but not be others. */
export function missingPackages(wanted, installed, { withDevelopment }) {
  return Object.entries(wanted)
    .filter(([path, entry]) => path.includes('node_modules/') && isWanted(entry, withDevelopment) && !isAsWanted(entry, installed[path]))
    .map(([path]) => path);
}

/** What lies in node_modules now: nothing usable, enough to run, or everything. */
export function findInstalled(root) {
  const wanted = readPackages(lockPath(root));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error(`There is no package-lock.json in ${root}: the clone is not complete.`);
  if (installed === undefined) return 'nothing';
  if (missingPackages(wanted, installed, { withDevelopment: true }).length === 0) return 'everything';
  return missingPackages(wanted, installed, { withDevelopment: false }).length === 0 ? 'runtime' : 'nothing';
}

const hadDevelopment = (root) => existsSync(join(root, 'node_modules', 'vitest'));

// npm tells its scripts where it is; otherwise it is found like any program.
export const npmCommand = () =>
  process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];

// Parts of packages that only compiling needs, which is never done here. A development install keeps them.
const onlyForCompiling = [
  'node-llama-cpp/llama/gitRelease.bundle',
  ...['linux-x64', 'linux-arm64'].map((platform) => `node-${platform}/include`),
];

function trim(root) {
  for (const path of onlyForCompiling) rmSync(join(root, 'node_modules', path), { recursive: true, force: true });
}

async function install(root, withDevelopment) {
  process.stderr.write(`Installing dependencies from the lockfile${withDevelopment ? '' : ' (what running needs)'} …\n`);
  const [command, ...args] = npmCommand();
  await runStep(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error', ...(withDevelopment ? [] : ['--omit=dev'])], {
    cwd: root,
    environment: { npm_config_ignore_scripts: 'true' },
  });
  if (!withDevelopment) trim(root);
}

/** Leaves node_modules as the lockfile says. `withDevelopment` adds the tools for checks and tests; a full install is never reduced. */
export async function ensureInstalled(root, { withDevelopment }) {
  const stamp = readStamp(stampPath(root));
  const isEnough = stamp !== undefined && (stamp.has === 'everything' || !withDevelopment);
  if (isEnough && isFresh(stampPath(root), [lockPath(root)])) return;
  let has = findInstalled(root);
  if (has === 'nothing' || (withDevelopment && has !== 'everything')) {
    await install(root, withDevelopment || hadDevelopment(root));
    has = findInstalled(root);
  }
  if (has === 'nothing') throw new Error('npm installed something else than the lockfile says. Run "npm ci" and look at what it prints.');
  writeStamp(stampPath(root), { has, ...stampFor([lockPath(root)]) });
}
