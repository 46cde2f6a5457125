/*
 * What people who chat notice of somebody who tries passwords from a thousand addresses. Streams from the fake engine, with and without the
 * flood, in turn within one run; without it the same tries go to a small server elsewhere, so that the work of trying is there both times.
 * The ratios are of all answers of a kind together: of one round alone, the slowest hundredth is five answers. How far chance alone moves
 * them is seen in the calm rounds, every second one beside the others. Limit: p99 1.1 times, to the first bytes and to the end.
 *
 *   node bench/access/login-flood.ts [--rounds 10] [--seconds 5] [--rate 200] [--lanes 16] [--out login-flood.json]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as startRequest } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCluster } from '../../test/support/start-cluster.ts';
import { toChat } from '../gateway/load.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '200' },
    lanes: { type: 'string', default: '16' },
    out: { type: 'string' },
  },
});
const GOAL = 1.1;
const SETTLE_MS = 2500; // what waits to be hashed when the flood ends is done by then
const round2 = (value: number) => Math.round(value * 100) / 100;
const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.ceil(numbers.length * share) - 1)] ?? Number.NaN;

const folder = await mkdtemp(join(tmpdir(), 'bench-flood-'));
const script = join(folder, 'steady.fake.json');
await writeFile(script, JSON.stringify({ fake: 1, parallel: 1024, tokensPerSecond: 200, answerTokens: 50 }));
await using cluster = await startCluster({ models: { steady: script } });

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.cli(...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
/** Somebody whose password can be guessed. */
async function addPerson(name: string): Promise<void> {
  const { link } = JSON.parse(await run('users', 'add', name, '--role', 'admin', '--json')) as { link: { token: string } };
  const body = JSON.stringify({ token: link.token, password: 'tinta goiaba varal 12' });
  const chosen = await fetch(`${cluster.url}/api/v1/passwords/choose`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  if (!chosen.ok) throw new Error(await chosen.text());
}
await addPerson('ana');
const key = (await run('keys', 'create', 'bench')).trim();
const agent = new Agent({ keepAlive: true, maxSockets: 1024 });
const chat = toChat('steady', true);

/** Milliseconds to the first bytes of a stream, and to its end. */
function ask(): Promise<{ readonly first: number; readonly whole: number }> {
  const { hostname, port } = new URL(cluster.url);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(chat) };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let first = Number.NaN;
    const asked = startRequest({ hostname, port, path: '/v1/chat/completions', method: 'POST', agent, headers }, (response) => {
      response.once('data', () => {
        first = performance.now() - startedAt;
      });
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ first, whole: performance.now() - startedAt });
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end(chat);
  });
}

async function measure(seconds: number) {
  const untilMs = performance.now() + seconds * 1000;
  const taken: Awaited<ReturnType<typeof ask>>[] = [];
  const lane = async () => {
    while (performance.now() < untilMs) taken.push(await ask());
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
  return taken;
}

const flood = fork(join(import.meta.dirname, 'flood.ts'), [cluster.url, values.rate ?? '200'], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
/** Where the tries go from now on; gives what came of those before. */
async function aim(wish: 'flood' | 'calm'): Promise<Readonly<Record<string, number>>> {
  const told = once(flood, 'message');
  flood.send(wish);
  return (await told)[0] as Record<string, number>;
}

await measure(3); // warms up
const measurements: Record<string, string | number>[] = [];
type Taken = Awaited<ReturnType<typeof measure>>;
const all: { readonly kind: 'flood' | 'calm'; readonly round: number; readonly taken: Taken }[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const kind of round % 2 === 0 ? (['flood', 'calm'] as const) : (['calm', 'flood'] as const)) {
    await aim(kind);
    await sleep(SETTLE_MS);
    const taken = await measure(Number(values.seconds));
    const tries = await aim('calm');
    all.push({ kind, round, taken });
    const quantileOf = (name: 'first' | 'whole', share: number) =>
      round2(
        quantile(
          taken.map((each) => each[name]),
          share,
        ),
      );
    const measured = {
      round,
      kind,
      answers: taken.length,
      'first p50': quantileOf('first', 0.5),
      'first p99': quantileOf('first', 0.99),
      'whole p50': quantileOf('whole', 0.5),
      'whole p99': quantileOf('whole', 0.99),
      tries: JSON.stringify(tries),
      loadAverage: round2(loadavg()[0] ?? 0),
    };
    measurements.push(measured);
    console.log(JSON.stringify(measured));
  }
}
flood.disconnect();
agent.destroy();
await rm(folder, { recursive: true, force: true });

const shares = { p99: 0.99, p50: 0.5 } as const;
const at = (rounds: typeof all, name: 'first' | 'whole', share: keyof typeof shares) =>
  quantile(
    rounds.flatMap(({ taken }) => taken.map((each) => each[name])),
    shares[share],
  );
const calm = all.filter(({ kind }) => kind === 'calm');
const flooded = all.filter(({ kind }) => kind === 'flood');
const [odd, even] = [1, 0].map((rest) => calm.filter(({ round }) => round % 2 === rest)) as [typeof all, typeof all];
const ratios = (['whole', 'first'] as const).flatMap((name) =>
  (['p99', 'p50'] as const).map((share) => ({
    what: `${name} ${share}, with the flood of without`,
    ratio: round2(at(flooded, name, share) / at(calm, name, share)),
    'without, ms': round2(at(calm, name, share)),
    'with, ms': round2(at(flooded, name, share)),
    'by chance (calm rounds, odd of even)': round2(at(odd, name, share) / at(even, name, share)),
    goal: share === 'p99' ? GOAL : '',
  })),
);
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${values.lanes} people stream answers of 50 tokens at 200 tokens a second; milliseconds to the first bytes and to the end. ${values.rate} tries a second from 1000 addresses, half of them for a name that exists; an address that was wrong four times for one name has to wait, as ever.`,
    'Without the flood the same tries go to a small server elsewhere. `tries` says how they were answered: 401 after one hash each, 429 when the queue of hashes is full.',
  ];
  const result = { benchmark: 'access-login-flood', title: 'Chats under a flood of sign-ins', machine, notes, ratios, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = ratios.every(({ ratio, goal }) => goal === '' || ratio <= GOAL) ? 0 : 1;
