/** Works that stand and fall together: when one fails, the others are ended as well, and waited for. Throws what the first threw. */
export async function sideBySide(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<unknown> | undefined)[],
): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const running = works.map(async (work) => work(until));
  try {
    await Promise.all(running);
  } finally {
    over.abort(new Error('Another part of compute failed'));
    await Promise.allSettled(running);
  }
}
