import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AuditEntry, AuditVerification } from '@cluster-ai/contracts';
import { afterEach, expect, test } from 'vitest';
import { Bench } from '../../../fixtures/run-program.ts';

const entry: AuditEntry = {
  sequence: 7,
  at: '2026-11-28T10:00:00.000Z',
  actor: { kind: 'person', id: 'person_1', name: 'Ada', role: 'admin' },
  address: '10.0.0.1',
  action: 'DELETE /api/v1/nodes/:id',
  target: 'node_1',
  result: 'ok',
  details: {},
  requestId: 'req_1',
  count: 1,
  hash: 'ab',
};
const intact: AuditVerification = { isIntact: true, entries: 7, firstSequence: 1, lastSequence: 7, checkpoints: 2, problem: null };

let server: Server | undefined;
afterEach(() => server?.close());

/** Answers by path; remembers what was asked. */
async function serve(answers: Readonly<Record<string, (query: URLSearchParams) => unknown>>) {
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const started = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    asked.push(`${request.method} ${request.url}`);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => body !== '' && bodies.push(JSON.parse(body)));
    const answer = answers[pathname]?.(searchParams);
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return { asked, bodies, flags: ['--url', `http://127.0.0.1:${(started.address() as AddressInfo).port}`] };
}

test('`audit ls` asks with its filters, goes on to the next page, and says when, who, what and how it ended', async () => {
  await using bench = new Bench();
  const { asked, flags } = await serve({
    '/api/v1/audit': (query) =>
      query.has('cursor')
        ? { entries: [{ ...entry, sequence: 6, result: 'denied', count: 12 }], nextCursor: null }
        : { entries: [entry], nextCursor: '7' },
  });
  const { code, stdout } = await bench.call(['audit', 'ls', '--actor', 'Ada', '--since', '2026-11-27', '--limit', '5', ...flags]);
  expect(code).toBe(0);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    expect.stringMatching(/^TIME +WHO +WHAT +TO WHAT +RESULT +FROM +TIMES$/),
    expect.stringMatching(/^2026-11-28T10:00:00Z +Ada +DELETE \/api\/v1\/nodes\/:id +node_1 +ok +10\.0\.0\.1 +1$/),
    expect.stringMatching(/denied +10\.0\.0\.1 +12$/),
  ]);
  expect(asked).toEqual([
    'GET /api/v1/audit?actor=Ada&since=2026-11-27T00%3A00%3A00.000Z&limit=5',
    'GET /api/v1/audit?actor=Ada&since=2026-11-27T00%3A00%3A00.000Z&cursor=7&limit=4',
  ]);
  expect((await bench.call(['audit', 'ls', '--since', 'yesterday', ...flags])).code).toBe(2);
});

test('attack 36: names in the table can neither move the cursor nor begin a line', async () => {
  await using bench = new Bench();
  const name = 'Eve\r\n2026 forged\u001b[2J\u009b1m\u202e';
  const { flags } = await serve({
    '/api/v1/audit': () => ({
      entries: [{ ...entry, actor: { ...entry.actor, name }, target: name, address: name, action: name }],
      nextCursor: null,
    }),
  });
  const { stdout } = await bench.call(['audit', 'ls', ...flags]);
  expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('`audit verify` ends with 0 when nobody changed the record, and with 1 and the place when somebody did', async () => {
  await using bench = new Bench();
  let answer = intact;
  const { asked, flags } = await serve({ '/api/v1/audit/verify': () => answer });
  expect(await bench.call(['audit', 'verify', ...flags])).toMatchObject({ code: 0, stdout: expect.stringContaining('7 entries (1 to 7)') });
  answer = { ...intact, isIntact: false, problem: { sequence: 3, kind: 'removed', message: 'The entries 3 to 4 are missing.' } };
  const broken = await bench.call(['audit', 'verify', ...flags]);
  expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('Broken at entry 3: it was removed.') });
  const inPortuguese = await bench.call(['audit', 'verify', ...flags], { LANG: 'pt_BR.UTF-8' });
  expect(inPortuguese.stdout).toContain('Quebrado na entrada 3: foi removida.');
  expect(JSON.parse((await bench.call(['audit', 'verify', '--json', ...flags])).stdout)).toEqual(answer);
  expect(asked[0]).toBe('POST /api/v1/audit/verify');
});

test('`audit checkpoints` writes signed lines to keep, and `audit verify` takes them back, also out of a syslog', async () => {
  await using bench = new Bench();
  const checkpoint = { sequence: 7, hash: 'ab', at: '2026-11-28T10:00:00.000Z', signature: 'sig' };
  const { flags, bodies } = await serve({
    '/api/v1/audit/checkpoints': () => ({ publicKey: 'a key', checkpoints: [checkpoint] }),
    '/api/v1/audit/verify': () => intact,
  });
  const kept = await bench.call(['audit', 'checkpoints', ...flags]);
  expect(JSON.parse(kept.stdout)).toEqual(checkpoint);
  expect(kept.stderr).toContain('a key');
  const file = join(bench.folder, 'syslog');
  await writeFile(file, `<109>1 2026 host cluster-ai 1 audit-checkpoint - ${kept.stdout}noise {}\n`);
  expect((await bench.call(['audit', 'verify', '--checkpoints', file, ...flags])).code).toBe(0);
  expect(bodies.at(-1)).toEqual({ checkpoints: [checkpoint] });
  await writeFile(file, 'nothing\n');
  expect((await bench.call(['audit', 'verify', '--checkpoints', file, ...flags])).stderr).toContain('There is no checkpoint in');
});

test('`audit export` writes what comes, as it is', async () => {
  await using bench = new Bench();
  const text = `${JSON.stringify(entry)}\n`.repeat(3000);
  const { asked, flags } = await serve({ '/api/v1/audit/export': () => text });
  expect((await bench.call(['audit', 'export', '--result', 'ok', ...flags])).stdout).toBe(text);
  await bench.call(['audit', 'export', '--format', 'csv', ...flags]);
  expect(asked).toEqual(['GET /api/v1/audit/export?result=ok&format=jsonl', 'GET /api/v1/audit/export?format=csv']);
});
