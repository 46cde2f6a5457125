import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { createWeights } from './create-weights.ts';
import { CHURN_LIMIT_BYTES, churnModels } from './testing/churn-weights.ts';

const script = join(import.meta.dirname, 'testing/churn-weights.ts');
const KILLS = 8;
const toDigest = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Lets it work for some time after its first fetch, a different one each time, and kills it wherever it is then. */
async function churnAndKill(folder: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.resume();
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
}

test('killed at any moment, no file that is not whole looks whole, and what was kept is used again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weights-kill-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (let kill = 0; kill < KILLS; kill++) {
    await churnAndKill(folder, (kill * 7) % 40);
    const names = readdirSync(folder).filter((name) => name.startsWith('sha256-'));
    const bytes = names.map((name) => ({ name, content: readFileSync(join(folder, name)) }));
    expect(bytes.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThanOrEqual(CHURN_LIMIT_BYTES);
    for (const { name, content } of bytes) if (!name.endsWith('.part')) expect(toDigest(content)).toBe(name.replace('-', ':'));

    const fetched: { digest: string; fromByte: number }[] = [];
    const weights = createWeights({
      folder,
      fetchBlob: async (digest, fromByte) => {
        fetched.push({ digest, fromByte });
        const { bytes: whole } = churnModels.find(({ file }) => file.digest === digest) ?? { bytes: Buffer.alloc(0) };
        return { totalBytes: whole.length, body: Readable.from([whole.subarray(fromByte)]) };
      },
      clock: systemClock,
      log: silentLogger,
      knownFolders: { ollama: [], huggingFace: [] },
    });
    for (const { name, content } of bytes) {
      const model = churnModels.find(({ file }) => name.startsWith(file.digest.replace(':', '-')));
      expect(model).toBeDefined();
      if (model) await weights.ensure(model.file, () => {}, new AbortController().signal);
      const isPart = name.endsWith('.part') && content.length < (model?.bytes.length ?? 0);
      expect(fetched.splice(0)).toEqual(isPart ? [{ digest: model?.file.digest, fromByte: content.length }] : []);
    }
  }
});
