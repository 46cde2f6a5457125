import { createHmac } from 'node:crypto';

const ENCODED = 'whsec_';

/** Secrets that other programs have made begin with `whsec_` and are Base64; any other is taken as it is. */
const toKey = (secret: string): Buffer =>
  secret.startsWith(ENCODED) ? Buffer.from(secret.slice(ENCODED.length), 'base64') : Buffer.from(secret);

export interface WebhookMessage {
  /** Stays the same when a message is sent again, so that whoever receives it can leave out what came twice. */
  readonly id: string;
  readonly body: string;
}

/**
 * Headers as Standard Webhooks wants them: HMAC-SHA256 over id, time and body. Whoever receives them refuses what is old, so that a message
 * that somebody has kept cannot be sent again later.
 */
export function signWebhook({ id, body }: WebhookMessage, secret: string, nowMs: number): Readonly<Record<string, string>> {
  const timestamp = `${Math.floor(nowMs / 1000)}`;
  const proof = createHmac('sha256', toKey(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${proof}` };
}
