import { type AuditEntry, auditEntryShape } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { toExportText } from './export-text.ts';

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  sequence: 1,
  at: '2026-11-28T10:00:00.000Z',
  actor: { kind: 'person', id: 'person_1', name: 'Ada', role: 'admin' },
  address: '127.0.0.1',
  action: 'DELETE /api/v1/nodes/:id',
  target: 'node_1',
  result: 'ok',
  details: {},
  requestId: 'req_1',
  count: 1,
  hash: 'ab',
  ...changes,
});

async function* from(...entries: AuditEntry[]) {
  yield* entries;
}
const render = async (format: 'jsonl' | 'csv', ...entries: AuditEntry[]) =>
  (await Array.fromAsync(toExportText(from(...entries), format))).join('');

const named = (name: string) => entry({ actor: { ...entry().actor, name }, target: name, details: { name } });

test('JSON lines are entries, and nothing of them is lost', async () => {
  const entries = [entry(), entry({ sequence: 2, details: { old: 'sha256:a', new: ['ü', null] } })];
  const lines = (await render('jsonl', ...entries)).trimEnd().split('\n');
  expect(lines.map((line) => auditEntryShape.parse(JSON.parse(line)))).toEqual(entries);
});

test('CSV has a heading and a row for each entry', async () => {
  expect(await render('csv', entry({ details: { name: 'a "b", c' } }))).toBe(
    '"sequence","at","actor_kind","actor_id","actor_name","actor_role","address","action","target","result","count","request_id","details","hash"\r\n' +
      '"1","2026-11-28T10:00:00.000Z","person","person_1","Ada","admin","127.0.0.1","DELETE /api/v1/nodes/:id","node_1","ok","1","req_1","{""name"":""a \\""b\\"", c""}","ab"\r\n',
  );
});

test('an empty record is an empty file, or a heading', async () => {
  expect(await render('jsonl')).toBe('');
  expect((await render('csv')).split('\r\n')).toHaveLength(2);
});

describe('attack 36:', () => {
  const escapes = ['a\r\nb', '\u001b[2Ja', '\u009b31m', 'a\u2028b', '\u202egpj.exe', '\u0007', '\u007f'];

  test.each(escapes)('control characters of %j neither break a line nor reach a terminal', async (name) => {
    const lines = (await render('jsonl', named(name))).split('\n');
    expect(lines).toHaveLength(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
    const unwanted = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/;
    expect(lines[0]).not.toMatch(unwanted);
    expect(JSON.parse(lines[0] ?? '').target).toBe(name);
    const rows = (await render('csv', named(name))).split('\r\n');
    expect(rows).toHaveLength(3);
    expect(rows[1]).not.toMatch(unwanted);
  });

  test.each(['=1+1', '+1', '-2+3', '@SUM(A1)', '=cmd|"/c calc"!A1', '  =1', '\t=1', '\r=1', '\u00a0=1', '＝1', '＋1', '－1', '＠x'])(
    'a spreadsheet takes %j for a text',
    async (name) => {
      const row = (await render('csv', named(name))).split('\r\n')[1] ?? '';
      const cells = [...row.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell]) => (cell ?? '').replaceAll('""', '"'));
      expect(cells).toHaveLength(14);
      for (const cell of cells) expect(cell).not.toMatch(/^[\s\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
    },
  );
});
