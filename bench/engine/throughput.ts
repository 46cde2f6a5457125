/*
 * Tokens per second of the whole path (client → control plane → link → agent → engine) and of our embedded engine alone, beside the library's own scheduling and, where LLAMA_SERVER names a binary, beside llama-server:
 * the same model, one thread, alternated in one run, so that other load on the machine hits all alike. Read the ratios, not the absolute numbers.
 *
 *   node bench/engine/throughput.ts [--rounds 5] [--threads 1] [--streams 1,8,16] [--tokens 64] [--out rounds.json]
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { type Contender, type Load, openLibraryDefault, openLlamaServer, openOurs, type Stream } from './contenders.ts';
import { openWholePath } from './whole-path.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    streams: { type: 'string', default: '1,8,16' },
    tokens: { type: 'string', default: '64' },
    out: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const streamCounts = values.streams.split(',').map(Number);
const promptTokens = 16;
const firstOrdinaryToken = 300;

interface Measurement {
  readonly round: number;
  readonly contender: string;
  readonly streams: number;
  readonly tokens: number;
  readonly elapsedMs: number;
  readonly tokensPerSecond: number;
  readonly loadAverage: number;
}

const toPrompt = (seed: number) => Array.from({ length: promptTokens }, (_, i) => firstOrdinaryToken + ((seed * 131 + i * 37) % 500));

/** A single stream is over in a second: several in a row, so that its measurement is not noisier than the others. */
const toRepeats = (streams: number) => Math.ceil(4 / streams);

async function measure(contender: Contender, streams: number, round: number): Promise<Measurement> {
  const repeats = toRepeats(streams);
  const toWork = (repeat: number): readonly Stream[] =>
    Array.from({ length: streams }, (_, i) => ({ prompt: toPrompt(round * 100 + repeat * 20 + i), tokens: Number(values.tokens) }));
  const startedAt = performance.now();
  let tokens = 0;
  for (let repeat = 0; repeat < repeats; repeat++) tokens += await contender.run(toWork(repeat));
  const elapsedMs = performance.now() - startedAt;
  const expected = repeats * streams * Number(values.tokens);
  if (tokens !== expected) throw new Error(`${contender.name} made ${tokens} tokens instead of ${expected}.`);
  return {
    round,
    contender: contender.name,
    streams,
    tokens,
    elapsedMs: Math.round(elapsedMs),
    tokensPerSecond: Math.round((10_000 * tokens) / elapsedMs) / 10,
    loadAverage: loadavg()[0] ?? 0,
  };
}

const rotate = <Item>(items: readonly Item[], by: number) => items.map((_, i) => items[(i + by) % items.length] as Item);

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The ratio is taken within each round, so that what slows the machine in a round cancels out. */
function toRatio(measurements: readonly Measurement[], streams: number, ours: string, other: string): number {
  const rate = (round: number, contender: string) =>
    measurements.find((m) => m.round === round && m.contender === contender && m.streams === streams)?.tokensPerSecond ?? 0;
  const ratios = Array.from({ length: rounds }, (_, i) => rate(i + 1, ours) / rate(i + 1, other));
  return Math.round(median(ratios) * 100) / 100;
}

const modelPath = fileURLToPath(new URL('../../.cache/models/mid-q8_0.gguf', import.meta.url));
if (!existsSync(modelPath)) {
  mkdirSync(dirname(modelPath), { recursive: true });
  console.log('Making the model (206 million random parameters, Q8_0) …');
  makeTinyGguf({ path: modelPath, preset: 'mid', type: 'Q8_0', seed: 1 });
}

const load: Load = { modelPath, threads: Number(values.threads), slots: Math.max(...streamCounts), contextSize: 512 };
const contenders: Contender[] = [await openWholePath(load), await openOurs(load), await openLibraryDefault(load)];
const llamaServer = process.env['LLAMA_SERVER'];
if (llamaServer) contenders.push(await openLlamaServer(llamaServer, load, streamCounts));

const measurements: Measurement[] = [];
for (let round = 0; round <= rounds; round++) {
  for (const streams of streamCounts) {
    for (const contender of rotate(contenders, round)) {
      const measurement = await measure(contender, streams, round);
      if (round === 0) continue; // the first round warms up
      measurements.push(measurement);
      console.log(
        `round ${round}  ${String(streams).padStart(2)} streams  ${contender.name.padEnd(16)} ${measurement.tokensPerSecond} tokens/s`,
      );
    }
  }
}
for (const contender of contenders) await contender[Symbol.asyncDispose]();

const isOurs = ({ name }: Contender) => name.startsWith('cluster-ai');
const goals: Record<string, Record<number, number>> = { 'library default': { 1: 0.95, 8: 1.5 }, 'llama-server': { 1: 1, 8: 1, 16: 1 } };
const ratios = streamCounts.flatMap((streams) =>
  contenders.filter(isOurs).flatMap(({ name: ours }) =>
    contenders
      .filter((contender) => !isOurs(contender))
      .map(({ name: against }) => ({
        streams,
        ours,
        against,
        ratio: toRatio(measurements, streams, ours, against),
        goal: goals[against]?.[streams] ?? null,
      })),
  ),
);
console.log('\nMedian of the ratios within each round');
console.table(ratios);

if (values.out !== undefined) {
  const notes = [
    `A generated model of 206 million parameters (Q8_0), ${values.threads} thread, ${promptTokens} prompt and ${values.tokens} generated tokens a stream, greedy.`,
    'The library default runs in one process without any transport; llama-server is built from the source that the library carries, has as many slots as there are streams, and answers over HTTP.',
  ];
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync(
    values.out,
    `${JSON.stringify({ benchmark: 'engine/throughput', title: 'Tokens per second', notes, machine, rounds, measurements, ratios }, null, 1)}\n`,
  );
}
