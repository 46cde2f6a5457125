/** Whole numbers of 32 bits by the sfc32 generator: the same seed gives the same row everywhere. */
export function createRandom32(seed: number): () => number {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 20; round++) next();
  return next;
}

/** Nearly normal numbers (the sum of four even ones), mean 0, standard deviation 1. No `Math` function that differs between machines. */
export function createGaussian(seed: number): () => number {
  const next = createRandom32(seed);
  const even = () => next() & 0xffff;
  return () => ((even() + even() + even() + even()) / 65536) * 1.7320508 - 3.4641016;
}
