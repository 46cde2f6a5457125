import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configShape } from '@cluster-ai/contracts';
import { locateDataFolder, makeDataFolder, systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCertificates } from '../nodes/certificates.ts';
import type { OutgoingPolicy } from '../outgoing/check-url.ts';
import { createOutgoingConnections } from '../outgoing/connect-outgoing.ts';
import { composeLetter, type Letter } from './compose-letter.ts';
import { createSmtp, type MailConfig } from './send-by-smtp.ts';
import { type MailSink, openMailSink, textOf } from './testing/mail-sink.ts';

const root = mkdtempSync(join(tmpdir(), 'cai-mail-'));
const folder = locateDataFolder(root, {});
makeDataFolder(folder);
const certificates = await openCertificates({ folder, clock: systemClock });
const { key, certificate: cert } = await certificates.issueForServer(['mail.test']);
const password = 'the-password-of-the-mailer';

let sink: MailSink;
beforeAll(async () => {
  sink = await openMailSink({ certificate: { key, cert }, password });
});
afterAll(async () => {
  await sink[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

const letter: Letter = {
  kind: 'forgotten',
  to: 'bia@example.org',
  language: 'en',
  clusterName: 'lab',
  personName: 'bia',
  url: 'https://lab.example/ui/password#one.two',
  expiresAtMs: Date.parse('2026-12-01T20:00:00Z'),
};
const composed = composeLetter(letter);
const going = new AbortController().signal;

interface Differences {
  readonly url?: string;
  readonly policy?: Partial<OutgoingPolicy>;
  readonly secret?: string;
  readonly trusted?: boolean;
}

function smtp(
  port: number,
  { url = `smtp://mailer%40lab@mail.test:${port}`, policy, secret = password, trusted = true }: Differences = {},
) {
  const wish = { url, from: 'Lab Cluster <cluster@lab.example>', address: 'https://lab.example', password: 'mail-password' };
  const config = configShape.parse({ mail: wish }).mail as MailConfig;
  const outgoing = createOutgoingConnections({
    policy: { allowedHosts: ['mail.test'], plainHosts: [], ...policy },
    authorities: trusted ? [certificates.authority] : [],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  return createSmtp({ config: secret === '' ? { ...config, password: '' } : config, outgoing, readSecret: async () => secret });
}
const caughtBy = async (from: MailSink, send: () => Promise<void>) => {
  const before = from.caught.length;
  await send();
  return from.caught.slice(before);
};

describe('the mail server', () => {
  test('gets a letter after STARTTLS, from who has proved to be the mailer', async () => {
    const [mail, ...more] = await caughtBy(sink, () => smtp(sink.port)(letter.to, composed, going));
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ from: 'cluster@lab.example', to: ['bia@example.org'], isSecure: true, user: 'mailer@lab' });
    expect(mail?.message).toMatch(/^From: Lab Cluster <cluster@lab\.example>\r$/m);
    expect(mail?.message).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail && textOf(mail)).toContain('https://lab.example/ui/password#one.two');
  });

  test('gets it by TLS from the first byte as well', async () => {
    await using secure = await openMailSink({ certificate: { key, cert }, secure: true, password });
    const url = `smtps://mailer@mail.test:${secure.port}`;
    expect(await caughtBy(secure, () => smtp(secure.port, { url })(letter.to, composed, going))).toMatchObject([{ isSecure: true }]);
  });

  test('gets neither password nor letter without TLS, unless the owner said so and there is no password', async () => {
    await using plain = await openMailSink({ password: 'whatever' });
    await using open = await openMailSink();
    await expect(smtp(plain.port)(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed' });
    const named = { plainHosts: ['mail.test'] };
    await expect(smtp(plain.port, { policy: named })(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed' });
    await expect(smtp(open.port, { secret: '' })(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed' });
    expect([...plain.caught, ...open.caught]).toEqual([]);
    expect(await caughtBy(open, () => smtp(open.port, { secret: '', policy: named })(letter.to, composed, going))).toHaveLength(1);
  });

  test('has to prove by its certificate that it is the one that was meant', async () => {
    await expect(smtp(sink.port, { trusted: false })(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed' });
    const elsewhere = { url: `smtp://mailer@other.test:${sink.port}`, policy: { allowedHosts: ['other.test'] } };
    await expect(smtp(sink.port, elsewhere)(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed' });
  });

  test('attack 8: is called at an inner address only where the configuration names it', async () => {
    const before = sink.caught.length;
    await expect(smtp(sink.port, { policy: { allowedHosts: [] } })(letter.to, composed, going)).rejects.toMatchObject({
      code: 'address_refused',
    });
    const literal = { url: `smtp://mailer@127.0.0.1:${sink.port}`, policy: { allowedHosts: ['mail.test'] } };
    await expect(smtp(sink.port, literal)(letter.to, composed, going)).rejects.toMatchObject({ code: 'address_refused' });
    expect(sink.caught).toHaveLength(before);
  });

  test('is told as one that may be tried again, or not, by the number of what it said', async () => {
    sink.refuseWith(450, 550);
    for (const status of [450, 550])
      await expect(smtp(sink.port)(letter.to, composed, going)).rejects.toMatchObject({ code: 'remote_failed', details: { status } });
  });

  test('attack 36: a line break or comma in a name or address makes no second header and no second recipient', async () => {
    const hostile = { ...letter, clusterName: 'lab\r\nBcc: eve@example.org\r\n\r\nowned', personName: 'bia\r\nX-Evil: 1' };
    expect(composeLetter(hostile).subject).toBe('A new password for lab Bcc: eve@example.org owned');
    const [mail] = await caughtBy(sink, () => smtp(sink.port)('bia@example.org', composeLetter(hostile), going));
    expect(mail?.to).toEqual(['bia@example.org']);
    expect(mail?.message).not.toMatch(/^(Bcc|X-Evil):/im);
    for (const to of [
      'bia@example.org, eve@example.org',
      'bia@example.org\r\nBcc: eve@example.org',
      'bia@example.org>\r\nRCPT TO:<eve@example.org',
    ])
      await smtp(sink.port)(to, composed, going).catch(() => {});
    expect(sink.caught.flatMap(({ to }) => to).filter((to) => to === 'eve@example.org')).toEqual([]);
    for (const from of ['Lab\r\nBcc: eve@example.org <a@b.example>', 'a@b.example, c@d.example', 'a@b.example\nBcc: e@f.example'])
      expect(configShape.safeParse({ mail: { url: 'smtp://mail.test', from, address: 'https://lab.example' } }).success).toBe(false);
  });
});

describe('a letter', () => {
  test('says in both languages and both forms what it is for, to whom, and until when', () => {
    expect(composeLetter(letter)).toMatchSnapshot();
    expect(composeLetter({ ...letter, kind: 'invitation', language: 'pt-BR' })).toMatchSnapshot();
  });

  test('attack 34: what somebody called something is text in it', () => {
    const { html } = composeLetter({ ...letter, clusterName: '<img src=x onerror=alert(1)>', personName: '"><script>' });
    expect(html).not.toMatch(/<img|<script/);
  });
});
