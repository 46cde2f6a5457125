import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface CaughtMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came. */
  readonly message: string;
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

export interface MailSink extends AsyncDisposable {
  readonly port: number;
  readonly caught: readonly CaughtMail[];
  /** The next recipients are refused with this status, one after the other. */
  refuseWith(...statuses: readonly number[]): void;
}

export interface MailSinkOptions {
  /** PEM. Without one it does not know STARTTLS. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** TLS from the first byte. */
  readonly secure?: boolean;
  readonly password?: string;
}

const refusal = (status: number) => Object.assign(new Error('not now'), { responseCode: status });

/** A real mail server that keeps what it gets. */
export async function openMailSink({ certificate, secure = false, password }: MailSinkOptions = {}): Promise<MailSink> {
  const caught: CaughtMail[] = [];
  const refusals: number[] = [];
  const server = new SMTPServer({
    ...certificate,
    secure,
    logger: false,
    disabledCommands: [...(certificate === undefined ? ['STARTTLS'] : []), ...(password === undefined ? ['AUTH'] : [])],
    authOptional: password === undefined,
    onAuth: (auth, _session, done) => (auth.password === password ? done(null, { user: auth.username ?? '' }) : done(refusal(535))),
    onRcptTo(_address, _session, done) {
      const status = refusals.shift();
      done(status === undefined ? null : refusal(status));
    },
    onData(stream, { envelope, secure: isSecure, user }, done) {
      let message = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => (message += chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        caught.push({ from, to: envelope.rcptTo.map(({ address }) => address), message, isSecure, user: user as string | undefined });
        done(null);
      });
    },
  });
  server.on('error', () => {}); // a client that breaks off is part of the tests
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    caught,
    refuseWith: (...statuses) => void refusals.push(...statuses),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** The text part of a mail, decoded. */
export function textOf({ message }: CaughtMail): string {
  const [, part = ''] = /Content-Type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(message) ?? [];
  const bytes = part.replaceAll('=\r\n', '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
