import type { Trace } from './trace.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** For each request the place of the next one of the same model. */
function findNext({ requests }: Trace): number[] {
  const seen = new Map<number, number>();
  const next = new Array<number>(requests.length);
  for (let at = requests.length - 1; at >= 0; at--) {
    const { model } = requests[at] as Trace['requests'][number];
    next[at] = seen.get(model) ?? NEVER;
    seen.set(model, at);
  }
  return next;
}

/**
 * Belady's optimum for files of unequal sizes, as a bound: the cache may keep any part of a file, and gives up the bytes that are asked for
 * latest. On bytes, Belady's rule is optimal, and whoever keeps whole files only cannot do better; so no policy gets beyond this. As with
 * Belady, what is asked for goes into the cache; with `mayPass` it need not, which no node can do, since an engine opens a file.
 */
export function boundByteHitRate(trace: Trace, limit: number, { mayPass }: { readonly mayPass: boolean }): number {
  const next = findNext(trace);
  const held = new Map<number, { bytes: number; next: number }>();
  let used = 0;
  let hit = 0;
  let asked = 0;

  const giveUp = (current: number) => {
    while (used > limit) {
      let last = -1;
      for (const [model, { next }] of held) {
        if (!mayPass && model === current) continue;
        if (last < 0 || next > (held.get(last)?.next ?? 0)) last = model;
      }
      const victim = held.get(last);
      if (!victim) throw new Error('A model is larger than the cache.');
      const bytes = Math.min(victim.bytes, used - limit);
      victim.bytes -= bytes;
      used -= bytes;
      if (victim.bytes === 0) held.delete(last);
    }
  };

  trace.requests.forEach(({ model, isScan }, at) => {
    const size = trace.sizes[model] as number;
    const present = held.get(model)?.bytes ?? 0;
    if (!isScan) {
      hit += present;
      asked += size;
    }
    used += size - present;
    held.set(model, { bytes: size, next: next[at] as number });
    giveUp(model);
  });
  return hit / asked;
}
