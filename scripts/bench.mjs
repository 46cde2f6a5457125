// `npm run bench`: lists the benchmarks; `npm run bench -- engine/throughput …` runs one with the pinned Node.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failWithSentence, prepare, root } from './lib/launch.mjs';
import { becomeProgram } from './lib/run-child.mjs';

const [name, ...args] = process.argv.slice(2);

/** A benchmark says in its first lines how it is started; other files belong to one. */
function printBenchmarks() {
  const files = readdirSync(join(root, 'bench'), { recursive: true }).filter((file) => file.endsWith('.ts'));
  for (const file of files.sort()) {
    const usage = /node bench\/(\S+)\.ts(.*)/.exec(readFileSync(join(root, 'bench', file), 'utf8').slice(0, 2000));
    if (usage !== null) process.stdout.write(`npm run bench -- ${usage[1]}${usage[2]}\n`);
  }
}

async function main() {
  const node = await prepare({ withDevelopment: true });
  if (name === undefined) return printBenchmarks();
  const file = join(root, 'bench', `${name.replace(/\.ts$/, '')}.ts`);
  if (!existsSync(file)) throw new Error(`There is no benchmark "${name}". "npm run bench" lists what there is.`);
  process.exitCode = await becomeProgram(node, [file, ...args]);
}

await main().catch(failWithSentence);
