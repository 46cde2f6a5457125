// `npm run bench`: lists the benchmarks; `npm run bench -- engine/throughput …` runs one with the pinned Node, and writes what it found
// into docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failWithSentence, prepare, root } from './lib/launch.mjs';
import { runStep } from './lib/run-child.mjs';

const [name, ...args] = process.argv.slice(2);

/** A benchmark says in its first lines how it is started; other files belong to one. */
function printBenchmarks() {
  const files = readdirSync(join(root, 'bench'), { recursive: true }).filter((file) => file.endsWith('.ts'));
  for (const file of files.sort()) {
    const usage = /node bench\/(\S+)\.ts(.*)/.exec(readFileSync(join(root, 'bench', file), 'utf8').slice(0, 2000));
    if (usage !== null) process.stdout.write(`npm run bench -- ${usage[1]}${usage[2]}\n`);
  }
}

const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();

/** A result says of which commit it is, and how to get it again. */
function signResult(file) {
  const isClean = git('status', '--porcelain', '--', 'packages', 'bench') === '';
  const commit = `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : ' with changes'}`;
  const command = ['npm run bench --', name, ...args].join(' ');
  writeFileSync(
    file,
    JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), commit, command, takenAt: new Date().toISOString() }, null, 1),
  );
}

async function runBenchmark(node, file) {
  const out = join(root, '.cache', 'bench', `${name.replace(/\W+/g, '-')}.json`);
  mkdirSync(join(root, '.cache', 'bench'), { recursive: true });
  rmSync(out, { force: true });
  const failure = await runStep(node, [file, ...args, '--out', out], { cwd: root }).catch((error) => error);
  if (!existsSync(out)) throw failure;
  signResult(out); // a goal that was missed is a result as well
  await runStep(node, [join(root, 'bench', 'report', 'write-report.ts')], { cwd: root });
  if (failure) throw failure;
}

async function main() {
  const node = await prepare({ withDevelopment: true });
  if (name === undefined) return printBenchmarks();
  const file = join(root, 'bench', `${name.replace(/\.ts$/, '')}.ts`);
  if (!existsSync(file)) throw new Error(`There is no benchmark "${name}". "npm run bench" lists what there is.`);
  await runBenchmark(node, file);
}

await main().catch(failWithSentence);
