import { formatBytes } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const line = text('{what}: {done} of {total}, {rate}/s, {left} s left', '{what}: {done} de {total}, {rate}/s, faltam {left} s');
const EVERY_MS = 1000;

/** Tells how far a transfer is, once a second, and what is left at the speed so far. */
export function createProgress({ terminal }: Context, what: string, totalBytes: number, now: () => number = Date.now) {
  const startedAt = now();
  let toldAt = startedAt;
  return (doneBytes: number, newBytes: number): void => {
    if (now() - toldAt < EVERY_MS) return;
    toldAt = now();
    const rate = newBytes / Math.max(0.001, (now() - startedAt) / 1000);
    terminal.progress(
      fill(terminal.say(line), {
        what,
        done: formatBytes(doneBytes),
        total: formatBytes(totalBytes),
        rate: formatBytes(rate),
        left: rate > 0 ? Math.ceil((totalBytes - doneBytes) / rate) : '?',
      }),
    );
  };
}
