import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectFakeModel } from '@cluster-ai/formats';
import { locateDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { createEventBus } from '../observability/event-bus.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { createGarbage } from './garbage/collect-garbage.ts';
import { openRegistry } from './open-registry.ts';

async function churnAndKill(root: string, steps: number): Promise<void> {
  const script = join(import.meta.dirname, 'testing/churn.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  for await (const chunk of child.stdout) {
    seen += String(chunk).length / 2;
    if (seen >= steps) child.kill('SIGKILL');
  }
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('killed at any moment, the next start finds every model with its bytes, and no bytes without a model', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cluster-ai-kill-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = locateDataFolder(join(root, 'home'), {});
  for (const steps of [1, 5, 14, 33]) {
    await churnAndKill(root, steps);
    await using database = await openDatabase({ url: '', folder, log: silentLogger });
    const blobs = await openBlobStore({ folder: folder.blobs });
    const events = createEventBus({ firstId: 1 });
    const registry = await openRegistry({ database, blobs, events, clock: systemClock, log: silentLogger, inspect: inspectFakeModel });
    await createGarbage({ database, blobs, clock: systemClock, log: silentLogger }).collect({ graceMs: 0 });
    const digests = new Set(
      (await Promise.all((await registry.list()).map(({ name }) => registry.versions(name))))
        .flat()
        .flatMap(({ files }) => files.map((file) => file.digest)),
    );
    const paths = [...digests].map(blobs.pathOf);
    expect([...(await listFiles(join(folder.blobs, 'sha256')))].sort()).toEqual(paths.sort());
    for (const digest of digests)
      expect(
        `sha256:${createHash('sha256')
          .update(await readFile(blobs.pathOf(digest)))
          .digest('hex')}`,
      ).toBe(digest);
  }
});
