import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { killPoints } from './testing/kill-points.ts';

const isLong = process.env['CLUSTER_AI_LONG_TESTS'] === '1';
const RUNS = isLong ? 1000 : 8;
const LANES = 2;
const LONG_MS = 3 * 60 * 60_000;
const script = join(import.meta.dirname, 'testing/churn-uploads.ts');
const proofs = join(import.meta.dirname, '../../../../.cache/proofs');

interface Life {
  readonly wasKilled: boolean;
  readonly found: string;
}

async function live(root: string, life: number, failpoints: string): Promise<Life> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, root, String(life)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CLUSTER_AI_FAILPOINTS: failpoints },
  });
  let found = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (found += piece));
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) =>
    child.once('close', (...ended) => resolve(ended)),
  );
  if (code !== null && code !== 0) found += `ended with ${code}\n`;
  return { wasKilled: signal === 'SIGKILL', found };
}

test('the list of points names each that is in the code', () => {
  const folders = [import.meta.dirname, join(import.meta.dirname, '../stores')];
  const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))));
  const sources = files.filter((path) => path.endsWith('.ts') && !path.includes('.test.')).map((path) => readFileSync(path, 'utf8'));
  const named = sources.flatMap((source) => [...source.matchAll(/failpoint\('([\w.]+)'\)/g)].map(([, name]) => name));
  expect([...new Set(named)].sort()).toEqual([...killPoints].sort());
});

test(`killed ${RUNS} times at named points: nothing that was acknowledged is lost, nothing half is seen, nothing is left over`, {
  timeout: isLong ? LONG_MS : 120_000,
}, async () => {
  const hits = new Map<string, number>(killPoints.map((name) => [name, 0]));
  const found: string[] = [];
  let next = 0;
  const lane = async (root: string) => {
    while (next < RUNS) {
      const life = next++;
      const point = killPoints[(life * 7) % killPoints.length] ?? ''; // 7 and the number of points share no divisor
      const nth = 1 + (Math.floor(life / killPoints.length) % 3);
      const lived = await live(root, life, `${point}@${nth}`);
      if (lived.wasKilled) hits.set(point, (hits.get(point) ?? 0) + 1);
      else found.push(`life ${life}: ${point}@${nth} was not passed`);
      if (lived.found !== '') found.push(`life ${life} (${point}@${nth}): ${lived.found}`);
    }
    const last = await live(root, RUNS, '');
    if (last.found !== '' || last.wasKilled) found.push(`the last life: ${last.found}`);
  };
  const roots = await Promise.all(Array.from({ length: LANES }, () => mkdtemp(join(tmpdir(), 'cluster-ai-kills-'))));
  onTestFinished(async () => void (await Promise.all(roots.map((root) => rm(root, { recursive: true, force: true })))));
  await Promise.all(roots.map(lane));

  const histogram = Object.fromEntries(hits);
  process.stdout.write(`Killed at: ${JSON.stringify(histogram)}\n`);
  expect(found).toEqual([]);
  if (!isLong) return;
  expect(Math.min(...hits.values())).toBeGreaterThanOrEqual(20);
  mkdirSync(proofs, { recursive: true });
  writeFileSync(join(proofs, 'kills.json'), JSON.stringify({ runs: RUNS, histogram }));
});
