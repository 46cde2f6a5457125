import type { Clock } from '@cluster-ai/runtime';
import { readPlace } from '../link/dial.ts';
import { probePlace } from './probe-places.ts';

const lookEveryMs = 1000;
const answerWithinMs = 5000;

interface Wish {
  /** `tls://host:port` */
  readonly address: string;
  readonly clock: Clock;
  /** It is not there yet. */
  readonly onWait: () => void;
}

/** Resolves when something takes connections there, or the signal aborted. Throws `invalid_request` for what is no address. */
export async function untilReachable({ address, clock, onWait }: Wish, signal: AbortSignal): Promise<void> {
  const place = readPlace(address.replace(/^\w+:\/\//, ''));
  while (!signal.aborted) {
    const { isReachable } = await probePlace({ ...place, timeoutMs: answerWithinMs }, clock);
    if (isReachable) return;
    onWait();
    await clock.sleep(lookEveryMs, signal).catch(() => {});
  }
}
