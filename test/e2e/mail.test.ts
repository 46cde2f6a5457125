import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MailSink, openMailSink, textOf } from '../../packages/control-plane/src/mail/testing/mail-sink.ts';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

let sink: MailSink;
let cluster: TestCluster;

beforeAll(async () => {
  sink = await openMailSink();
  const mail = `{ url: "smtp://127.0.0.1:${sink.port}", from: "Lab <cluster@lab.example>", address: "https://lab.example" }`;
  const config = `mail: ${mail}\noutgoing: { allowedHosts: ["127.0.0.1"], plainHosts: ["127.0.0.1"] }\n`;
  cluster = await startCluster({ config });
});
afterAll(async () => {
  await cluster?.stop();
  await sink?.[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown) =>
  fetch(`${cluster.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** The token in the newest of so many mails. */
async function tokenOfMail(count: number): Promise<string> {
  const mail = await eventually(`mail number ${count}`, () => sink.caught[count - 1]);
  expect(mail).toMatchObject({ from: 'cluster@lab.example', to: ['bia@example.org'] });
  const [, token = ''] = /https:\/\/lab\.example\/ui\/password#(\S+)/.exec(textOf(mail)) ?? [];
  return token;
}

test('a newcomer gets the link by mail, and a new one when the password is forgotten; the record says what became of both', async () => {
  const added = await cluster.cli('users', 'add', 'bia', '--email', 'bia@example.org');
  expect(added.stdout).toContain('on its way to bia@example.org');
  const [first, second] = ['tinta goiaba varal 12', 'outra senha bem comprida'];
  expect((await post('/passwords/choose', { token: await tokenOfMail(1), password: first })).status).toBe(200);

  expect((await post('/passwords/forgotten', { person: 'bia', language: 'pt-BR' })).status).toBe(204);
  expect((await post('/passwords/forgotten', { person: 'nobody' })).status).toBe(204);
  const token = await tokenOfMail(2);
  expect(sink.caught[1] && textOf(sink.caught[1])).toContain('esqueceu a senha');
  expect((await post('/sessions', { name: 'bia', password: first })).status).toBe(201);
  expect((await post('/passwords/choose', { token, password: second })).status).toBe(200);
  expect((await post('/sessions', { name: 'bia', password: first })).status).toBe(401);
  expect((await post('/sessions', { name: 'bia', password: second })).status).toBe(201);

  // a mail is recorded once it is taken, which may be after its token was used
  const { stdout, entries } = await eventually('both mails are recorded', async () => {
    const { stdout } = await cluster.cli('audit', 'ls', '--action', 'mail', '--json');
    const { entries } = JSON.parse(stdout) as { entries: { action: string; result: string }[] };
    return entries.length === 2 && { stdout, entries };
  });
  expect(entries.map(({ action, result }) => `${action} ${result}`).sort()).toEqual(['mail forgotten ok', 'mail newLogin ok']);
  expect(stdout).not.toContain('example.org');
});
