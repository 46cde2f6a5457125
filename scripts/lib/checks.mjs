// The steps of `npm run check`: what a machine can judge about the code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countModules } from './count-modules.mjs';

function run(node, args, root) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, env: { ...process.env, FORCE_COLOR: '0' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (output += piece));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('exit', (code) => resolve({ code: code ?? 1, output }));
  });
}

const bin = (path) => join('node_modules', path);

const steps = [
  { name: 'biome: formatted, and no lint finding', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'tsc: control plane, agent, libraries and tests', args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'tsc: web', args: [bin('typescript/bin/tsc'), '-p', 'packages/web/tsconfig.json'], needs: 'packages/web/tsconfig.json' },
  {
    name: 'dependency-cruiser: who may import what',
    args: [bin('dependency-cruiser/bin/dependency-cruiser.mjs'), 'packages', '--config', '.dependency-cruiser.mjs', '--output-type', 'err'],
    // a configuration that matches nothing would pass for ever
    isFine: (output) => countModules(output) > 0,
  },
  { name: 'knip: nothing unused', args: [bin('knip/bin/knip.js'), '--no-progress'] },
];

async function runCheck({ name, args, needs, isFine = () => true }, node, root) {
  if (needs !== undefined && !existsSync(join(root, needs))) return { name, ok: false, output: `${needs} is missing.` };
  const { code, output } = await run(node, args, root);
  return { name, ok: code === 0 && isFine(output), output };
}

const AT_ONCE = 2;

/** Runs every step, also after one failed, two at a time, and tells each result as it comes. */
export async function runChecks({ node, root, onResult }) {
  const results = [];
  const waiting = [...steps];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runCheck(step, node, root);
      onResult(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/** One line for a step that is fine, everything that it said for one that is not. */
export function printCheck({ name, ok, output }) {
  process.stdout.write(ok ? `✔ ${name}\n` : `✘ ${name}\n${output.trimEnd()}\n`);
}
