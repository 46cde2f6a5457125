// From "any Node ≥ 20 and a plain clone" to the program: install, build, run with the right Node.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureWebBuilt } from './build-web.mjs';
import { ensureInstalled } from './install.mjs';
import { findNode } from './pinned-node.mjs';
import { becomeProgram } from './run-child.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Installs and builds what is missing; returns the Node to go on with. */
export async function prepare({ withDevelopment = false, withWeb = true } = {}) {
  await ensureInstalled(root, { withDevelopment });
  const node = findNode(root);
  if (withWeb) await ensureWebBuilt(root, node);
  return node;
}

/** Runs the command line from source and ends with its exit code. */
export async function launchCli(args, options) {
  const node = await prepare(options);
  const environment = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cluster-ai', 'compiled') };
  process.exitCode = await becomeProgram(node, [join(root, 'packages', 'cli', 'src', 'main.ts'), ...args], environment);
}

/** Ends with one clear sentence instead of a stack. */
export function failWithSentence(error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
