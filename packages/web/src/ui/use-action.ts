import { useState } from 'react';

/** What a button or form does: whether it is under way, and why it failed the last time. */
export function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  /** False when it failed; the reason is then in `error`. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  }

  return { isBusy, error, run };
}
