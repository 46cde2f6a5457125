import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProbeResult, ProbeWish } from './probe.ts';

export interface Probe {
  /** Ends it and gives what it saw. */
  stop(): Promise<ProbeResult>;
}

/** Starts a probe, `prefix` before its command, and waits until its stream has begun. */
export async function startProbe(
  wish: ProbeWish,
  { prefix, environment }: { readonly prefix: readonly string[]; readonly environment: Readonly<Record<string, string>> },
): Promise<Probe> {
  const [command = '', ...args] = [...prefix, process.execPath, join(import.meta.dirname, 'probe.ts'), JSON.stringify(wish)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`The probe ended with ${code}.`);
  });
  ended.catch(() => {}); // seen by whoever waits next
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) await ended;
    return String(value);
  };
  if ((await nextLine()) !== 'begun') throw new Error('The probe said something else than that it has begun.');
  return {
    async stop() {
      child.stdin.end();
      const result = JSON.parse(await nextLine()) as ProbeResult;
      await ended;
      return result;
    },
  };
}
