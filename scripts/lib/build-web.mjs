// The web UI, built only when its sources changed.
import { join } from 'node:path';
import { isFresh, stampFor, writeStamp } from './fingerprint.mjs';
import { runStep } from './run-child.mjs';

const webSources = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'];
const neighbours = ['client/src', 'contracts/src'];

const sourcesOf = (root) => [
  ...webSources.map((name) => join(root, 'packages', 'web', name)),
  ...neighbours.map((name) => join(root, 'packages', name)),
];

/** Leaves `packages/web/dist` as the sources say. */
export async function ensureWebBuilt(root, node) {
  const stamp = join(root, 'packages', 'web', 'dist', '.built.json');
  if (isFresh(stamp, sourcesOf(root))) return;
  process.stderr.write('Building the web UI …\n');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await runStep(node, [vite, 'build', '--logLevel', 'warn'], { cwd: join(root, 'packages', 'web') });
  writeStamp(stamp, stampFor(sourcesOf(root)));
}
