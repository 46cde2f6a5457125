import { createHash } from 'node:crypto';
import { type AuditCheckpoint, ClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { OutgoingClient } from '../../outgoing/outgoing-client.ts';
import { signWebhook } from '../../outgoing/sign-webhook.ts';
import type { CheckpointCopy } from './checkpoint-copies.ts';

/** Between the tries of one round; after it the checkpoint waits for the next round. */
const PAUSES_MS = [1000, 4000, 16_000];
const WITHIN_MS = 5000;

export interface WebhookCopyDependencies {
  readonly url: string;
  /** The value of the secret; asked at each try, so that a new one counts at once. */
  readonly readSecret: () => Promise<string>;
  readonly outgoing: OutgoingClient;
  readonly clock: Clock;
}

/** Posts each checkpoint, signed, to an address. Its body is the line of the file. */
export function createWebhookCopy({ url, readSecret, outgoing, clock }: WebhookCopyDependencies): CheckpointCopy {
  const origin = URL.parse(url)?.origin ?? 'webhook'; // paths of webhooks are often as good as passwords, so no log has them

  async function sendOnce(body: string): Promise<void> {
    const id = `checkpoint_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;
    const headers = { 'content-type': 'application/json', ...signWebhook({ id, body }, await readSecret(), clock.now()) };
    const { status } = await outgoing.send({ url, method: 'POST', headers, body }, AbortSignal.timeout(WITHIN_MS));
    if (status >= 200 && status < 300) return;
    throw new ClusterError('remote_failed', `${origin} answered a checkpoint with status ${status}.`, {
      hint: 'See access.audit.checkpoints.webhook in cluster.yaml, and whether that system has the same secret.',
    });
  }

  return {
    name: origin,
    async send(checkpoint: AuditCheckpoint, stop: AbortSignal) {
      const body = JSON.stringify(checkpoint);
      for (const pauseMs of PAUSES_MS) {
        const isSent = await sendOnce(body).then(
          () => true,
          (error: unknown) => {
            if (stop.aborted) throw error;
            return false;
          },
        );
        if (isSent) return;
        await clock.sleep(pauseMs, stop).catch(() => {}); // at a stop the last try comes at once
      }
      await sendOnce(body);
    },
  };
}
