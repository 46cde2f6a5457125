import { isIP } from 'node:net';
import { ClusterError, type Config, isClusterError } from '@cluster-ai/contracts';
import type { OutgoingConnections } from '../outgoing/connect-outgoing.ts';
import type { ComposedLetter } from './compose-letter.ts';

export type MailConfig = NonNullable<Config['mail']>;

/** Hands one letter to the mail server. Throws `remote_failed` when that does not take it, and as `OutgoingConnections.connect`. */
export type SendMail = (to: string, letter: ComposedLetter, stop: AbortSignal) => Promise<void>;

export interface SmtpDependencies {
  readonly config: MailConfig;
  readonly outgoing: OutgoingConnections;
  /** The value of a secret by its name; asked at each try, so that a new one counts at once. */
  readonly readSecret: (name: string) => Promise<string>;
}

const WITHIN_MS = 20_000;
const PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 };

interface Sender {
  readonly name: string;
  readonly address: string;
}

function toSender(from: string): Sender {
  const [, name = '', address = from] = /^(.+) <(.+)>$/u.exec(from) ?? [];
  return { name, address };
}

/** What the server said is its own text, and goes nowhere; its number says enough. */
function toFailure(host: string, error: unknown): ClusterError {
  if (isClusterError(error)) return error;
  const { code = 'unknown', responseCode } = error as { code?: string; responseCode?: number };
  return new ClusterError(
    'remote_failed',
    `The mail server ${host} did not take a mail (${[code, responseCode].filter(Boolean).join(' ')}).`,
    {
      hint: 'See mail in cluster.yaml, and the log of that server.',
      details: responseCode === undefined ? {} : { status: responseCode },
      cause: error,
    },
  );
}

/** By SMTP with TLS, always: only a host that `outgoing.plainHosts` names is spoken to without, and then no password is said to it. */
export function createSmtp({ config, outgoing, readSecret }: SmtpDependencies): SendMail {
  const url = new URL(config.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (PORTS[url.protocol] ?? 0);
  const user = decodeURIComponent(url.username);
  const from = toSender(config.from);

  async function openTransport(stop: AbortSignal) {
    const { createTransport } = await import('nodemailer'); // many clusters never send a mail
    const pass = config.password === '' ? undefined : await readSecret(config.password);
    const { socket, mayBePlain } = await outgoing.connect(host, port, stop);
    const isPlain = mayBePlain && pass === undefined && url.protocol === 'smtp:';
    return createTransport({
      host,
      port,
      secure: url.protocol === 'smtps:',
      ...(isPlain ? { ignoreTLS: true } : { requireTLS: true }),
      ...(pass === undefined ? {} : { auth: { user, pass } }),
      // the address was looked up and checked before; the library must not look again
      getSocket: (_options: unknown, callback: (error: Error | null, found: { connection: typeof socket }) => void) =>
        callback(null, { connection: socket }),
      tls: {
        minVersion: 'TLSv1.2',
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(outgoing.authorities.length === 0 ? {} : { ca: [...outgoing.authorities] }),
      },
      greetingTimeout: WITHIN_MS,
      socketTimeout: WITHIN_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  return async (to, letter, stop) => {
    try {
      const transport = await openTransport(stop);
      // as an object: within a string a comma would name a second one
      const recipient = { name: '', address: to };
      await transport.sendMail({ from, to: recipient, headers: { 'Auto-Submitted': 'auto-generated' }, ...letter, signal: stop });
    } catch (error) {
      throw toFailure(host, error);
    }
  };
}
