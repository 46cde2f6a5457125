import type { Config } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { OutgoingClient } from '../../outgoing/outgoing-client.ts';
import type { CheckpointCopy } from './checkpoint-copies.ts';
import { createSyslogCopy } from './syslog.ts';
import { createWebhookCopy } from './webhook.ts';

/** The places outside of this machine that the configuration names. */
export function nameCopies(
  { syslog, webhook }: Config['access']['audit']['checkpoints'],
  dependencies: {
    readonly outgoing: OutgoingClient;
    readonly readSecret: (name: string) => Promise<string>;
    readonly clock: Clock;
  },
): readonly CheckpointCopy[] {
  const { outgoing, readSecret, clock } = dependencies;
  return [
    ...(syslog === '' ? [] : [createSyslogCopy(syslog, clock)]),
    ...(webhook === undefined
      ? []
      : [createWebhookCopy({ url: webhook.url, readSecret: () => readSecret(webhook.secret), outgoing, clock })]),
  ];
}
