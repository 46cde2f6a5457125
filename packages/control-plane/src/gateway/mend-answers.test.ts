import { setImmediate as nextRound } from 'node:timers/promises';
import { ClusterError, type Continuation, toCondition } from '@cluster-ai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerScript, MemoryNodeOptions } from './testing/memory-nodes.ts';
import { readAll, startGateway } from './testing/start-gateway.ts';
import { lengthOf, type TalkingEngine, talk } from './testing/talking-engine.ts';

const tokens = ['The', ' capital', ' of', ' Brazil', ' is', ' Bras', 'í', 'lia', '. ', '😀', '"\n\ndata: {}\n\n', '你'];
const text = tokens.join('');
const question = (more: object = {}) => Buffer.from(JSON.stringify({ messages: [], stream: true, ...more }));

const toNodes = (count: number, parallel = 4): MemoryNodeOptions[] =>
  Array.from({ length: count }, (_, index) => ({ id: `n${index}`, replicas: [{ replicaId: `on-n${index}`, parallel }] }));
const start = (count: number) => startGateway({ nodes: toNodes(count), configured: [{ name: 'starter', replicas: count }] });
type Cluster = ReturnType<typeof start>;

/** The first requests meet these engines in turn, wherever they go; all later ones the last. */
function meet(cluster: Cluster, engines: readonly TalkingEngine[]): void {
  let count = 0;
  const script: AnswerScript = (request, replica) =>
    talk(engines[Math.min(count++, engines.length - 1)] as TalkingEngine)(request, replica);
  for (const machine of cluster.machines) machine.onRequest = script;
}
const requestsOf = (cluster: Cluster) => cluster.machines.flatMap(({ requests }) => requests);
const bodiesOf = (cluster: Cluster) => requestsOf(cluster).map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString('utf8')));

interface Event {
  readonly choices: readonly {
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object;
}
/** Every event but the end mark, which must be there once, at the end. */
function toEvents(stream: string): readonly Event[] {
  const events = stream.split(/(?<=\n\n)/).filter((event) => event.startsWith('data:'));
  expect(events.filter((event) => event === 'data: [DONE]\n\n')).toHaveLength(1);
  expect(events.pop()).toBe('data: [DONE]\n\n');
  return events.map((event) => JSON.parse(event.slice(5)) as Event);
}
const contentOf = (stream: string) =>
  toEvents(stream)
    .map(({ choices: [choice] }) => choice?.delta.content ?? '')
    .join('');
const breaking = (breaksAfter: number, more: Partial<TalkingEngine> = {}): TalkingEngine => ({ tokens, breaksAfter, ...more });
const half = Math.floor(lengthOf(tokens) / 2);
/** Some tokens, and never all. */
const early = Math.floor(lengthOf(tokens) / 5);

describe('an answer that broke off', () => {
  test('reaches the caller whole and once, wherever its bytes stopped and however they came', async () => {
    const engine = fc.record({
      pieceBytes: fc.integer({ min: 1, max: 400 }),
      breaksAfter: fc.integer({ min: 0, max: lengthOf(tokens) + 200 }),
    });
    const said = fc.array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(said, fc.tuple(engine, engine), fc.boolean(), async (words, breaks, include_usage) => {
        await using cluster = start(3);
        const body = question({ stream_options: { include_usage } });
        meet(cluster, [...breaks.map((each) => ({ tokens: words, ...each })), { tokens: words }]);
        const read = await readAll(await cluster.ask({ body })).catch((error: Error) => error);
        if (typeof read !== 'string') {
          // the only break that cannot be mended: all was said, and the numbers that were asked for are lost with the replica
          expect(read).toMatchObject({ code: 'engine_crashed', hint: expect.stringContaining('the count of its tokens') });
          expect(include_usage).toBe(true);
          return;
        }
        expect(contentOf(read)).toBe(words.join(''));
        expect(toEvents(read).filter(({ choices: [choice] }) => choice?.delta.role)).toHaveLength(1);
        expect(toEvents(read).filter(({ choices: [choice] }) => choice?.finish_reason)).toHaveLength(1);
        expect(toEvents(read).filter(({ usage }) => usage)).toHaveLength(include_usage ? 1 : 0);
        expect(cluster.gateway.measure().active).toBe(0);
        expect(cluster.reconciler.inFlight.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('is whole after a break at any byte, also inside of a character', async () => {
    const words = [' é', '😀', '.'];
    for (let at = 0; at <= lengthOf(words); at++) {
      await using cluster = start(2);
      meet(cluster, [{ tokens: words, breaksAfter: at }, { tokens: words }]);
      expect(contentOf(await readAll(await cluster.ask({ body: question() })))).toBe(' é😀.');
    }
  });

  test('is asked for with what was said, as the same request, on another replica', async () => {
    await using cluster = start(2);
    meet(cluster, [breaking(half), { tokens }]);
    const answer = await cluster.ask({ body: question({ seed: 7 }) });
    const first = answer.node.id;
    await readAll(answer);
    const [begun, continued] = bodiesOf(cluster).toSorted((a, b) => Number('continuation' in a) - Number('continuation' in b));
    const { continuation, ...rest } = continued as { continuation: Continuation };
    expect(rest).toEqual(begun);
    expect(text.startsWith(continuation.text)).toBe(true);
    expect(continuation).toMatchObject({ created: 1_700_000_000, text: expect.stringContaining('capital') });
    expect(requestsOf(cluster).map(({ headers }) => headers?.['x-cluster-request-id'])).toEqual(['request-1', 'request-1']);
    expect(answer.node.id).not.toBe(first);
    expect(answer.replicaId).toBe(`on-${answer.node.id}`);
  });

  test('costs what the last replica counted', async () => {
    await using cluster = start(2);
    meet(cluster, [breaking(half), { tokens }]);
    const answer = await cluster.ask({ body: question() });
    await readAll(answer);
    expect(await answer.usage).toMatchObject({ completionTokens: tokens.length });
    const { text: metrics } = await cluster.metrics.render();
    expect(metrics).toContain('cluster_continued_tasks 1');
    expect(metrics).toContain('cluster_failed_tasks 0');
    expect(metrics).toContain(`model_tokens_generated{model="starter"} ${tokens.length}`);
  });

  test('teaches nobody its speed, since two did it', async () => {
    await using cluster = start(2);
    const askTwo = () => Promise.all([cluster.ask({ body: question() }), cluster.ask({ body: question() })]);
    const nodesOf = async () => {
      const answers = await askTwo();
      for (const answer of answers) await readAll(answer);
      return new Set(answers.map(({ node }) => node.id)).size;
    };
    meet(cluster, [{ tokens }]);
    expect(await nodesOf()).toBe(2);
    for (let count = 0; count < 6; count++) {
      meet(cluster, [breaking(half), { tokens, generationMs: 1e9 }]);
      await readAll(await cluster.ask({ body: question() }));
    }
    meet(cluster, [{ tokens }]);
    expect(await nodesOf()).toBe(2);
  });

  test('goes on with the only replica once it was started anew, and the caller hears why it waits', async () => {
    await using cluster = start(1);
    meet(cluster, [breaking(half), { tokens }]);
    const told: string[] = [];
    const answer = await cluster.ask({ body: question(), onWaiting: ({ reason }) => told.push(reason) });
    const read = readAll(answer);
    cluster.machines[0]?.report({ replicaId: 'on-n0', condition: toCondition('starting', 'engine_crashed', cluster.clock.now()) });
    await cluster.pass(5000);
    expect(requestsOf(cluster)).toHaveLength(1);
    cluster.machines[0]?.report({ replicaId: 'on-n0', condition: toCondition('ready', 'serving', cluster.clock.now()) });
    expect(contentOf(await read)).toBe(text);
    expect(told).toContain('engine_crashed');
  });

  test('begins anew where only signs of life had come', async () => {
    await using cluster = start(2);
    let isFirst = true;
    for (const machine of cluster.machines)
      machine.onRequest = (request, replica) => {
        if (!isFirst) return talk({ tokens })(request, replica);
        isFirst = false;
        const body = (async function* () {
          yield Buffer.from(': keep-alive\n\n');
          throw new ClusterError('engine_crashed', 'Gone.');
        })();
        return { contentType: 'text/event-stream', body };
      };
    const read = await readAll(await cluster.ask({ body: question({ n: 1 }) }));
    expect(read.startsWith(': keep-alive\n\ndata:')).toBe(true);
    expect(contentOf(read)).toBe(text);
    expect(bodiesOf(cluster).filter((body) => 'continuation' in body)).toEqual([]);
  });
});

describe('it ends with an error that says why', () => {
  const fails = async (cluster: Cluster, body = question()) =>
    readAll(await cluster.ask({ body })).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('where the engine would say again what was said', async () => {
    await using cluster = start(2);
    meet(cluster, [breaking(half), { tokens, canContinue: false }]);
    expect(await fails(cluster)).toMatchObject({ code: 'engine_crashed', hint: expect.stringContaining('cannot continue what another') });
    expect(cluster.reconciler.inFlight.size).toBe(0);
  });

  test.each([
    ['several choices', { n: 2 }, 'it has several choices'],
    ['a beginning of its own', { continuation: { text: '', created: 1, generationMs: 0 } }, 'it continues another one already'],
  ])('where it has %s', async (_, more, why) => {
    await using cluster = start(2);
    meet(cluster, [breaking(half), { tokens }]);
    const error = await fails(cluster, question(more));
    expect(error).toMatchObject({ code: 'engine_crashed', hint: `It could not be continued: ${why}. Send the request again.` });
    expect(requestsOf(cluster)).toHaveLength(1);
  });

  test('where it is the engine that refuses, and not the way to it', async () => {
    await using cluster = start(2);
    meet(cluster, [breaking(half, { breaksWith: 'engine_error' }), { tokens }]);
    expect(await fails(cluster)).toMatchObject({ code: 'engine_error', hint: undefined });
    expect(requestsOf(cluster)).toHaveLength(1);
  });

  test('when it broke a third time', async () => {
    await using cluster = start(4);
    meet(cluster, [breaking(early)]);
    expect(await fails(cluster)).toMatchObject({ code: 'engine_crashed', hint: expect.stringContaining('it broke off too often') });
    expect(requestsOf(cluster)).toHaveLength(3);
  });

  test('when no replica is there in time', async () => {
    await using cluster = start(1);
    meet(cluster, [breaking(half), { tokens }]);
    const failed = fails(cluster);
    await cluster.until(() => requestsOf(cluster).length === 1);
    cluster.machines[0]?.report({ replicaId: 'on-n0', condition: toCondition('starting', 'engine_crashed', cluster.clock.now()) });
    await cluster.pass(58_000);
    expect(cluster.gateway.measure().active).toBe(1);
    await cluster.pass(4000);
    expect(await failed).toMatchObject({ code: 'engine_crashed', hint: expect.stringContaining('starter is not ready yet') });
    expect(cluster.gateway.measure()).toMatchObject({ active: 0, queued: 0 });
  });

  test('an error that the engine told itself passes as it is, and nothing comes after it', async () => {
    await using cluster = start(2);
    const event = 'data: {"error":{"code":"overloaded","message":"Full."}}\n\n';
    for (const machine of cluster.machines)
      machine.onRequest = () => ({
        contentType: 'text/event-stream',
        body: (async function* () {
          yield Buffer.from(event);
          throw new ClusterError('engine_crashed', 'Gone.');
        })(),
      });
    expect(await readAll(await cluster.ask({ body: question() }))).toBe(event);
    expect(requestsOf(cluster)).toHaveLength(1);
  });
});

test('an answer that is lost for good gives its place back once, and not that of another', async () => {
  await using cluster = start(1);
  const goOn = Promise.withResolvers<void>();
  meet(cluster, [breaking(half)]);
  const lost = await cluster.ask({ body: question({ n: 2 }) });
  for (const machine of cluster.machines)
    machine.onRequest = () => ({
      body: (async function* () {
        yield Buffer.from('still ');
        await goOn.promise;
        yield Buffer.from('here');
      })(),
    });
  const other = await cluster.ask();
  await expect(readAll(lost)).rejects.toMatchObject({ code: 'engine_crashed' });
  expect(cluster.reconciler.inFlight.get('on-n0')).toBe(1);
  goOn.resolve();
  expect(await readAll(other)).toBe('still here');
  expect(cluster.reconciler.inFlight.size).toBe(0);
});

test('a caller who goes away while nobody answers leaves nothing behind', async () => {
  await using cluster = start(1);
  meet(cluster, [breaking(half), { tokens }]);
  const caller = new AbortController();
  const answer = await cluster.ask({ body: question(), signal: caller.signal });
  const read = readAll(answer);
  read.catch(() => {});
  cluster.machines[0]?.report({ replicaId: 'on-n0', condition: toCondition('starting', 'engine_crashed', cluster.clock.now()) });
  await cluster.pass(2000);
  caller.abort();
  await expect(read).rejects.toMatchObject({ code: 'cancelled' });
  await cluster.settle();
  expect(cluster.gateway.measure()).toMatchObject({ active: 0, queued: 0 });
});

test('a door that closes the body while another replica begins leaves nothing behind', async () => {
  await using cluster = start(2);
  const asked = Promise.withResolvers<AbortSignal>();
  let isFirst = true;
  for (const machine of cluster.machines)
    machine.onRequest = (request, replica) => {
      if (isFirst) {
        isFirst = false;
        return talk(breaking(half))(request, replica);
      }
      asked.resolve(request.signal);
      return new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(new ClusterError('node_lost', 'Reset.')), { once: true }),
      );
    };
  const { body } = await cluster.ask({ body: question() });
  body.resume();
  const signal = await asked.promise;
  body.destroy();
  await cluster.until(() => signal.aborted);
  await cluster.settle();
  expect(cluster.gateway.measure().active).toBe(0);
  expect(cluster.reconciler.inFlight.size).toBe(0);
});

describe('a node that takes many answers with it', () => {
  /** All of the first node's answers stand still in the middle until it dies. */
  async function loseManyAnswers(cluster: Cluster, count: number) {
    const died = Promise.withResolvers<void>();
    let standing = 0;
    const stall: AnswerScript = (request, replica) => {
      const scripted = talk({ tokens })(request, replica) as { readonly body: AsyncIterable<Uint8Array> };
      const body = (async function* () {
        let sent = 0;
        for await (const bytes of scripted.body) {
          yield bytes;
          sent += bytes.length;
          if (sent < half) continue;
          standing++;
          await died.promise;
          throw new ClusterError('node_lost', 'The node is gone.');
        }
      })();
      return { ...scripted, body } as never;
    };
    for (const machine of cluster.machines) machine.onRequest = stall;
    const answers = await Promise.all(Array.from({ length: count }, () => cluster.ask({ body: question() })));
    const reads = answers.map(readAll);
    await cluster.until(() => standing === count);
    return { reads, die: died.resolve };
  }
  const count = 60;

  test('has all of them continued by the others', async () => {
    await using cluster = start(2);
    const { reads, die } = await loseManyAnswers(cluster, count);
    for (const machine of cluster.machines) machine.onRequest = talk({ tokens });
    die();
    expect((await Promise.all(reads)).map(contentOf)).toEqual(Array.from({ length: count }, () => text));
  });

  test('but a cluster in which everything breaks does no more than its work twice', async () => {
    await using cluster = start(4);
    for (const machine of cluster.machines) machine.onRequest = talk(breaking(early));
    const outcomes = await Promise.allSettled(Array.from({ length: count }, async () => readAll(await cluster.ask({ body: question() }))));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    const reserve = 10;
    expect(requestsOf(cluster).length).toBeLessThanOrEqual(2 * count + reserve);
    expect(outcomes.map((outcome) => String((outcome as PromiseRejectedResult).reason.hint))).toContainEqual(
      expect.stringContaining('too many answers broke off lately'),
    );
  });

  test('does not hold up the others while they are read', async () => {
    await using cluster = start(2);
    const { reads, die } = await loseManyAnswers(cluster, count);
    for (const machine of cluster.machines) machine.onRequest = talk({ tokens });
    const before = requestsOf(cluster).length;
    die();
    await nextRound();
    await nextRound();
    expect(requestsOf(cluster).length - before).toBeLessThan(count / 2);
    await Promise.all(reads);
  });
});
