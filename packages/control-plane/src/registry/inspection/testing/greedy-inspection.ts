import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { InspectMessage } from '../inspection-messages.ts';

// Stands in for the process that inspects, as a hostile file might make it behave. The path says how.

function attempt(act: () => unknown): string {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  }
}

/** Without their guards these end by themselves: a test that fails must not take the machine along. */
const LONGEST_MS = 15_000;
const MOST_PIECES = 1024;

const kept: unknown[] = [];
const behaviours: Readonly<Record<string, (path: string) => void>> = {
  spin: () => {
    for (const until = Date.now() + LONGEST_MS; Date.now() < until; );
  },
  buffers: () => {
    while (kept.length < MOST_PIECES) kept.push(Buffer.alloc(1024 * 1024, 1));
  },
  heap: () => {
    while (kept.length < MOST_PIECES * 10) kept.push(Array.from({ length: 1000 }, (_, index) => `${kept.length} ${index}`));
  },
  crash: () => process.abort(),
  escape: (path) => {
    const tries = {
      write: attempt(() => writeFileSync(`${path}.written`, 'x')),
      program: attempt(() => spawn('true')),
      thread: attempt(() => new Worker('1', { eval: true })),
    };
    const inspection = { format: 'unknown', framework: 'other', parameterCount: null, metadata: tries, verdict: 'safe', reasons: [] };
    process.send?.({ inspection }, () => process.disconnect());
  },
};

process.once('disconnect', () => process.exit());
process.once('message', (message) => {
  const { path } = message as InspectMessage;
  behaviours[path.slice(path.lastIndexOf('/') + 1)]?.(path);
  if (!path.endsWith('escape')) process.exit(1);
});
