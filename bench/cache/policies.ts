import { chooseVictims } from '../../packages/agent/src/weights/cache/choose-victims.ts';
import { createPopularity } from '../../packages/agent/src/weights/cache/popularity.ts';
import type { Trace } from './trace.ts';

/** Who goes, in a cache where whatever is asked for must come in. */
export interface Policy {
  /** Each request, before room is made for it. */
  asked(model: number, isHeld: boolean): void;
  cameIn(model: number): void;
  /** Models to give up, together at least so large. */
  choose(held: ReadonlySet<number>, needed: number): readonly number[];
}

export type MakePolicy = (trace: Trace, limit: number) => Policy;

const takeInOrder = (order: Iterable<number>, { sizes }: Trace, needed: number) => {
  const taken: number[] = [];
  let bytes = 0;
  for (const model of order) {
    if (bytes >= needed) break;
    taken.push(model);
    bytes += sizes[model] as number;
  }
  return taken;
};

/** What our nodes do. */
const ours: MakePolicy = ({ sizes }) => {
  const popularity = createPopularity();
  return {
    asked: (model) => popularity.use(String(model)),
    cameIn: () => {},
    choose(held, needed) {
      const files = [...held].map((model) => ({
        digest: String(model),
        sizeBytes: sizes[model] as number,
        popularity: popularity.of(String(model)),
        isHeld: false,
      }));
      return (chooseVictims(files, needed) ?? []).map(({ digest }) => Number(digest));
    },
  };
};

const lru: MakePolicy = (trace) => {
  const order = new Set<number>();
  return {
    asked(model) {
      order.delete(model);
      order.add(model);
    },
    cameIn: () => {},
    choose: (held, needed) =>
      takeInOrder(
        [...order].filter((model) => held.has(model)),
        trace,
        needed,
      ),
  };
};

/** S3-FIFO (Yang and others, SOSP 2023) with bytes in place of objects: a small queue, a main queue, and a memory of what left the small one. */
const s3Fifo: MakePolicy = ({ sizes }, limit) => {
  const smallShare = 0.1;
  const small: number[] = [];
  const main: number[] = [];
  const ghosts = new Set<number>();
  const uses = new Map<number, number>();
  const bytesOf = (queue: readonly number[]) => queue.reduce((sum, model) => sum + (sizes[model] as number), 0);
  const forget = (model: number) => {
    ghosts.add(model);
    const [oldest] = ghosts;
    if (ghosts.size > small.length + main.length && oldest !== undefined) ghosts.delete(oldest);
  };
  return {
    asked: (model, isHeld) => isHeld && uses.set(model, Math.min(3, (uses.get(model) ?? 0) + 1)),
    cameIn(model) {
      uses.set(model, 0);
      (ghosts.delete(model) ? main : small).push(model);
    },
    choose(_, needed) {
      const gone: number[] = [];
      while (bytesOf(gone) < needed) {
        const isSmallTurn = small.length > 0 && (main.length === 0 || bytesOf(small) > limit * smallShare);
        const model = (isSmallTurn ? small : main).shift() as number;
        const count = uses.get(model) ?? 0;
        if (isSmallTurn ? count > 0 : count > 0) {
          uses.set(model, isSmallTurn ? 0 : count - 1);
          main.push(model);
        } else {
          gone.push(model);
          if (isSmallTurn) forget(model);
        }
      }
      return gone;
    },
  };
};

/** W-TinyLFU (Einziger and others, 2017) in bytes: who leaves the window stays only if asked for more often than the oldest of the main part. */
const wTinyLfu: MakePolicy = ({ sizes }, limit) => {
  const windowShare = 0.01;
  const samplePerModel = 50;
  const window = new Set<number>();
  const main = new Set<number>();
  const counts = new Map<number, number>();
  let sampled = 0;
  const bytesOf = (models: Iterable<number>) => [...models].reduce((sum, model) => sum + (sizes[model] as number), 0);
  const first = (models: ReadonlySet<number>) => models.values().next().value as number;
  const countOf = (model: number) => counts.get(model) ?? 0;
  return {
    asked(model, isHeld) {
      counts.set(model, countOf(model) + 1);
      if (++sampled > samplePerModel * counts.size) {
        sampled = 0;
        for (const [known, count] of counts) counts.set(known, count / 2);
      }
      if (!isHeld) return;
      const part = window.has(model) ? window : main;
      part.delete(model);
      part.add(model);
    },
    cameIn: (model) => void window.add(model),
    choose(held, needed) {
      // what was let in while there was room belongs to the main part, the newest apart
      while (bytesOf(window) > limit * windowShare && bytesOf(main) + bytesOf(window) < bytesOf(held) + 1 && window.size > 1) {
        const oldest = first(window);
        window.delete(oldest);
        main.add(oldest);
      }
      const gone: number[] = [];
      while (bytesOf(gone) < needed) {
        const candidate = first(window);
        const victim = first(main);
        const loser = victim === undefined || (candidate !== undefined && countOf(candidate) <= countOf(victim)) ? candidate : victim;
        if (loser === victim && candidate !== undefined) {
          window.delete(candidate);
          main.add(candidate);
        }
        window.delete(loser);
        main.delete(loser);
        gone.push(loser);
      }
      return gone;
    },
  };
};

/** Knows how often each model is asked for in the long run. As good as anybody can be who cannot see the future. */
const oracle: MakePolicy = (trace) => ({
  asked: () => {},
  cameIn: () => {},
  choose(held, needed) {
    const files = [...held].map((model) => ({
      digest: String(model),
      sizeBytes: trace.sizes[model] as number,
      popularity: trace.popularity[model] as number,
      isHeld: false,
    }));
    return (chooseVictims(files, needed) ?? []).map(({ digest }) => Number(digest));
  },
});

export const policies: Readonly<Record<string, MakePolicy>> = {
  ours,
  LRU: lru,
  'S3-FIFO': s3Fifo,
  'W-TinyLFU': wTinyLfu,
  'knows the popularity': oracle,
};

/** Plays a trace; what is asked for always comes in. */
export function playByteHitRate(trace: Trace, limit: number, makePolicy: MakePolicy): number {
  const policy = makePolicy(trace, limit);
  const held = new Set<number>();
  let used = 0;
  let hit = 0;
  let asked = 0;
  for (const { model, isScan } of trace.requests) {
    const size = trace.sizes[model] as number;
    const isHeld = held.has(model);
    policy.asked(model, isHeld);
    if (!isScan) {
      asked += size;
      if (isHeld) hit += size;
    }
    if (isHeld) continue;
    for (const victim of used + size > limit ? policy.choose(held, used + size - limit) : [])
      if (held.delete(victim)) used -= trace.sizes[victim] as number;
    if (used + size > limit) throw new Error('A policy kept more than the limit.');
    held.add(model);
    used += size;
    policy.cameIn(model);
  }
  return hit / asked;
}
