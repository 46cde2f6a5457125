#!/usr/bin/env node
// `cluster-ai` once installed from the package: the same program, built, with the right Node.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode } from './pinned-node.mjs';
import { becomeProgram } from './run-child.mjs';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  process.exitCode = await becomeProgram(findNode(folder), [join(folder, 'lib', 'cluster-ai.js'), ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
