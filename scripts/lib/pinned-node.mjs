// Which Node runs the program. Plain JavaScript: this must work on any Node from 20 on.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const WANTED_MAJOR = 24;

const majorOf = (version) => Number.parseInt(version, 10);

/** Where the platform's own package has its Node, whether it is installed or not. */
export function pinnedNodePath(root, platform = process.platform, arch = process.arch) {
  const folder = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  return join(root, 'node_modules', folder, 'bin', platform === 'win32' ? 'node.exe' : 'node');
}

/** The Node to run with: this one when it is new enough, else the pinned one. Throws a sentence for people when there is none. */
export function findNode(root, running = { version: process.versions.node, path: process.execPath }) {
  if (majorOf(running.version) >= WANTED_MAJOR) return running.path;
  const pinned = pinnedNodePath(root);
  if (existsSync(pinned)) return pinned;
  throw new Error(
    `Cluster AI needs Node ${WANTED_MAJOR}. This is Node ${running.version}, and no packaged Node ${WANTED_MAJOR} is installed for ` +
      `${process.platform}-${process.arch}.\nInstall Node ${WANTED_MAJOR} (https://nodejs.org), then run the same command again.`,
  );
}
