// The package that other machines install, built only when something in it changed.
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isFresh, stampFor, writeStamp } from './fingerprint.mjs';
import { npmCommand } from './install.mjs';
import { runStep } from './run-child.mjs';

const sourcesOf = (root) => [
  ...['contracts', 'runtime', 'formats', 'client', 'control-plane', 'agent', 'cli'].flatMap((name) => [
    join(root, 'packages', name, 'src'),
    join(root, 'packages', name, 'package.json'),
  ]),
  join(root, 'packages', 'control-plane', 'assets'),
  join(root, 'packages', 'web', 'dist', '.built.json'),
  join(root, 'python'),
  join(root, 'scripts', 'lib'),
  join(root, 'package.json'),
];

/** Where the packed program lies. */
export function packagePath(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(root, 'dist', `cluster-ai-${version}.tgz`);
}

/** Leaves `dist/cluster-ai-<version>.tgz` as the sources say. */
export async function ensurePackaged(root, node) {
  const stamp = join(root, 'dist', '.packed.json');
  if (existsSync(packagePath(root)) && isFresh(stamp, sourcesOf(root))) return;
  process.stderr.write('Packing the program for other machines …\n');
  await runStep(node, [join(root, 'scripts', 'lib', 'bundle-package.mjs')], { cwd: root });
  const [command, ...args] = npmCommand();
  const staging = join(root, 'dist', 'package');
  await runStep(command, [...args, 'pack', '--silent', '--ignore-scripts'], { cwd: staging });
  renameSync(join(staging, packagePath(root).split(/[\\/]/).at(-1)), packagePath(root)); // whoever is being served reads the old one or the new one
  writeStamp(stamp, stampFor(sourcesOf(root)));
}
