// Which Node runs the program. Plain JavaScript: this must work on any Node from 20 on.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const WANTED_MAJOR = 24;

const majorOf = (version) => Number.parseInt(version, 10);

const binaryName = (platform, arch) =>
  join('node_modules', `node-${platform === 'win32' ? 'win' : platform}-${arch}`, 'bin', platform === 'win32' ? 'node.exe' : 'node');

/** The Node of the platform's own package, in the folder or in one around it (npm may place it higher). `undefined` when none is installed. */
export function findPinnedNode(folder, platform = process.platform, arch = process.arch) {
  const candidate = join(folder, binaryName(platform, arch));
  if (existsSync(candidate)) return candidate;
  return dirname(folder) === folder ? undefined : findPinnedNode(dirname(folder), platform, arch);
}

/** The Node to run with: this one when it is new enough, else the pinned one. Throws a sentence for people when there is none. */
export function findNode(root, running = { version: process.versions.node, path: process.execPath }) {
  if (majorOf(running.version) >= WANTED_MAJOR) return running.path;
  const pinned = findPinnedNode(root);
  if (pinned !== undefined) return pinned;
  throw new Error(
    `Cluster AI needs Node ${WANTED_MAJOR}. This is Node ${running.version}, and no packaged Node ${WANTED_MAJOR} is installed for ` +
      `${process.platform}-${process.arch}.\nInstall Node ${WANTED_MAJOR} (https://nodejs.org), then run the same command again.`,
  );
}
