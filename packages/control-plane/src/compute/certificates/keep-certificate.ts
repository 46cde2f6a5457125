import type { Clock, Logger } from '@cluster-ai/runtime';
import { type ComputeCertificate, type ComputeCertificates, lifeHours } from './compute-certificates.ts';

const checkEveryMs = 10 * 60_000;
const lifeMs = lifeHours * 60 * 60_000;

/** The certificate of one process that runs for long: minted when it is first asked for, and anew when two thirds of its time are over. */
export function createKeptCertificate({
  certificates,
  name,
  clock,
  log,
}: {
  readonly certificates: ComputeCertificates;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
}) {
  let current: ComputeCertificate | undefined;
  const isDue = () => current === undefined || current.expiresAtMs - clock.now() < lifeMs / 3;
  const renewed = async () => {
    current = await certificates.mint(name, lifeHours);
    return current;
  };
  return {
    get: async (): Promise<ComputeCertificate> => (current === undefined || isDue() ? renewed() : current),
    /** Hands each renewed one over, until the signal aborts. */
    async run(onRenewed: (certificate: ComputeCertificate) => void, signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        await clock.sleep(checkEveryMs, signal).catch(() => {});
        if (signal.aborted || current === undefined || !isDue()) continue;
        await renewed().then(onRenewed, (error: unknown) => log.error({ err: error, name }, 'A certificate of compute was not renewed'));
      }
    },
  };
}
export type KeptCertificate = ReturnType<typeof createKeptCertificate>;
