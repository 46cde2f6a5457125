import { ClusterError } from '@cluster-ai/contracts';
import { createManualClock, type Logger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeModel } from '../access/audit/act.ts';
import { type Acts, createActs } from '../access/audit/acts.ts';
import { type AuditPlace, ada, openPlace } from '../access/audit/testing/open-place.ts';
import { readAll, startGateway } from '../gateway/testing/start-gateway.ts';

type Line = readonly [level: string, fields: Readonly<Record<string, unknown>>];

/** A log that keeps what operations wrote. */
function createMemoryLog() {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object) => {
    if ('operation' in fields) lines.push([level, fields as Line[1]]);
  };
  const log: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => log };
  return { log, lines };
}

let place: AuditPlace;
let acts: Acts;
let lines: Line[];
const clock = createManualClock();
beforeEach(async () => {
  place = await openPlace();
  const memory = createMemoryLog();
  lines = memory.lines;
  acts = createActs({ audit: await place.open(), log: memory.log, clock });
});
afterEach(() => place[Symbol.asyncDispose]());

test('what changed something leaves one line: operation, model, version, how long, who', async () => {
  await acts.run(ada, async () => {
    describeModel('team/qwen', 3);
    await clock.advance(1234);
  });
  expect(lines).toEqual([
    [
      'info',
      {
        operation: 'DELETE /api/v1/nodes/:id',
        model: 'team/qwen',
        version: '3',
        duration_ms: 1234,
        user: 'Ada',
        requestId: 'req_1',
        target: 'node_1',
      },
    ],
  ]);
});

test('what failed leaves a warning with its code; what strangers fail with leaves none', async () => {
  const refuse = () => Promise.reject(new ClusterError('conflict', 'Somebody was faster.'));
  await expect(acts.run(ada, refuse)).rejects.toThrow();
  const stranger = { ...ada, actor: { kind: 'anonymous', id: '', name: '', role: '' } } as const;
  await expect(acts.run(stranger, refuse)).rejects.toThrow();
  expect(lines).toMatchObject([['warn', { code: 'conflict', user: 'Ada' }]]);
});

test('a request to a model leaves one line, and nothing of what was asked or answered', async () => {
  const memory = createMemoryLog();
  await using cluster = startGateway({ log: memory.log });
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: 'a planted question' }] }));
  const caller = { kind: 'key', id: 'k', ownerId: 'p', name: 'ci', role: null, permissions: new Set<never>(), models: undefined } as const;
  const asked = cluster.ask({ body, caller, requestId: 'req_7' });
  await cluster.settle();
  const answer = await readAll(await asked);
  await cluster.settle();
  expect(memory.lines).toMatchObject([
    ['info', { operation: 'inference', model: 'starter', version: '1', user: 'ci', requestId: 'req_7', duration_ms: expect.any(Number) }],
  ]);
  expect(JSON.stringify(memory.lines)).not.toContain('planted');
  expect(answer.length).toBeGreaterThan(0);
});

test('a request that cannot be served leaves a line with its code', async () => {
  const memory = createMemoryLog();
  await using cluster = startGateway({ log: memory.log, inference: { loadTimeoutSeconds: 1 }, nodes: [] });
  const asked = cluster.ask().catch((error: unknown) => error);
  await cluster.pass(3000);
  expect(await asked).toBeInstanceOf(ClusterError);
  expect(memory.lines).toMatchObject([['warn', { operation: 'inference', user: 'cluster', code: expect.any(String) }]]);
});
