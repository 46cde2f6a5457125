import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { toCondition } from '@cluster-ai/contracts';
import { AnswerBody } from '../../gateway/answer-body.ts';
import { createAnswerRecords } from '../../gateway/answer-records.ts';
import type { Gateway, InferenceAnswer, InferenceCall, RunningModel } from '../../gateway/gateway.ts';
import type { Registry } from '../../registry/registry.ts';

/** What a fake engine sends for one call: chunks as the network would cut them; a promise among them holds the rest back. */
export interface FakeReply {
  /** What the call asked for, where it is left out: events or JSON. */
  readonly contentType?: string;
  readonly chunks: Iterable<string | Buffer | Promise<unknown>>;
}

export interface FakeGateway extends Gateway {
  readonly calls: readonly InferenceCall[];
  readonly loads: readonly { readonly model: string; readonly keepAliveSeconds?: number; readonly contextSize?: number }[];
  readonly unloads: readonly string[];
  /** The calls whose signal was aborted. */
  readonly aborted: readonly InferenceCall[];
}

interface FakeGatewayOptions {
  readonly registry: Registry;
  readonly answer: (call: InferenceCall) => FakeReply | Promise<FakeReply>;
  readonly running?: readonly RunningModel[];
}

/** A recorded answer of a real engine. */
export function recorded(name: string): string {
  return readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url), 'utf8');
}

/** One event per chunk, as engines write them. */
export function eventsOf(name: string): FakeReply {
  return { contentType: 'text/event-stream', chunks: recorded(name).split(/(?<=\n\n)/) };
}

export function wholeOf(name: string): FakeReply {
  return { contentType: 'application/json', chunks: [recorded(name)] };
}

/** Rejects once the caller does not want the answer any more. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  gone.catch(() => {});
  return gone;
}

const records = createAnswerRecords(() => performance.now());

function toContentType({ body }: InferenceCall): string {
  const { stream } = JSON.parse(Buffer.from(body).toString('utf8')) as { stream?: unknown };
  return stream === true ? 'text/event-stream' : 'application/json';
}

/** As the gateway hands it over: events come whole. */
function toBody({ chunks }: FakeReply, contentType: string, gone: Promise<never>): Readable {
  async function* bytes() {
    for (const chunk of chunks) {
      if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) yield Buffer.from(chunk);
      else await Promise.race([chunk, gone]);
    }
  }
  const body = new AnswerBody(Readable.from(bytes()), contentType === 'text/event-stream' ? records.open() : undefined);
  gone.catch((reason: Error) => body.destroy(reason));
  return body;
}

/** A gateway in memory that answers what it is told to, and remembers what it was asked. */
export function createFakeGateway({ registry, answer, running = [] }: FakeGatewayOptions): FakeGateway {
  const calls: InferenceCall[] = [];
  const aborted: InferenceCall[] = [];
  const loads: FakeGateway['loads'][number][] = [];
  const unloads: string[] = [];
  return {
    calls,
    aborted,
    loads,
    unloads,
    async serve(call): Promise<InferenceAnswer> {
      calls.push(call);
      call.signal.addEventListener('abort', () => aborted.push(call));
      const model = await registry.resolve(call.model || 'starter');
      const gone = whenAborted(call.signal);
      const reply = await Promise.race([Promise.resolve(answer(call)), gone]);
      const contentType = reply.contentType ?? toContentType(call);
      return {
        status: 200,
        contentType,
        body: toBody(reply, contentType, gone),
        node: { id: 'node_1', name: 'Küche' },
        replicaId: 'replica_1',
        model,
        usage: Promise.resolve(undefined),
      };
    },
    async load(model, { keepAliveSeconds, engineOptions }) {
      const contextSize = engineOptions?.contextSize;
      loads.push({
        model,
        ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }),
        ...(contextSize === undefined ? {} : { contextSize }),
      });
      const [first] = running;
      return first ?? (await toRunningModel(registry, model));
    },
    async unload(model) {
      unloads.push(model);
    },
    running: () => running,
    wanted: () => running.map(({ model }) => model),
    conditionOf: () => toCondition('ready', 'serving', 0),
    measure: () => ({ active: 0, queued: 0, tokensPerSecond: 0 }),
  };
}

/** A ready copy of a model. */
export async function toRunningModel(registry: Registry, reference: string): Promise<RunningModel> {
  const model = await registry.resolve(reference);
  return {
    model,
    nodeId: 'node_1',
    nodeName: 'Küche',
    expiresAtMs: Date.parse('2026-01-02T03:04:05Z'),
    replica: {
      replicaId: 'replica_1',
      fence: 1,
      model: model.reference,
      digest: model.file.digest,
      engine: 'fake',
      condition: toCondition('ready', 'serving', 0),
      progress: null,
      capabilities: model.version.facts.capabilities,
      contextSize: 2048,
      parallel: 4,
      threads: 1,
      busySlots: 0,
      queued: 0,
      memoryBytes: 123_456_789,
      tokensPerSecond: 0,
      loadMs: 100,
      embeddingLength: 2,
    },
  };
}
