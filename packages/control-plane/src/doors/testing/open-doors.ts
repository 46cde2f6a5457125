import { defaultConfig } from '@cluster-ai/contracts';
import { type Clock, silentLogger, systemClock } from '@cluster-ai/runtime';
import type { Caller } from '../../access/caller.ts';
import { admitEverybody } from '../../access/testing/admit-everybody.ts';
import { createListener } from '../../listeners/create-listener.ts';
import type { Presets } from '../../registry/presets/presets.ts';
import type { ModelChangeDeps } from '../ollama/model-changes.ts';
import { ollamaDoor } from '../ollama/ollama-door.ts';
import { renderOllamaError } from '../ollama/ollama-error.ts';
import { ollamaRoot } from '../ollama/ollama-root.ts';
import { openAiDoor } from '../openai/openai-door.ts';
import { createFakeGateway, type FakeGateway, type FakeReply, toRunningModel } from './fake-gateway.ts';
import { createMemoryRegistry } from './memory-registry.ts';

interface OpenDoorsOptions {
  readonly answer?: (call: FakeGateway['calls'][number]) => FakeReply | Promise<FakeReply>;
  readonly clock?: Clock;
  readonly running?: readonly string[];
  /** Who calls, where that matters. */
  readonly caller?: Partial<Caller>;
  /** What came with every model. */
  readonly presets?: Presets;
  /** What changes models; nothing does, where it is left out. */
  readonly changes?: Pick<ModelChangeDeps, 'imports' | 'catalog' | 'blobParts' | 'publisher' | 'compose'>;
}

const noPresets: Presets = { system: '', template: '', parameters: {}, messages: [], licences: [] };
/** For doors whose ways to change models nobody uses. */
const noChanges = {} as NonNullable<OpenDoorsOptions['changes']>;

/** Both doors behind the real listener shell, on a free port of this machine, over a gateway in memory. */
export async function openDoors({
  answer = () => ({ chunks: ['{}'] }),
  clock = systemClock,
  running = [],
  presets = noPresets,
  changes = noChanges,
  caller,
}: OpenDoorsOptions = {}) {
  const registry = createMemoryRegistry();
  const models = await Promise.all(running.map((name) => toRunningModel(registry, name)));
  const gateway = createFakeGateway({ registry, answer, running: models });
  const admission: typeof admitEverybody = { admit: (...asked) => ({ ...admitEverybody.admit(...asked), ...caller }) };
  const { app } = createListener({ config: defaultConfig(), log: silentLogger, admission, renderError: renderOllamaError });
  const deps = {
    gateway,
    registry,
    clock,
    log: silentLogger,
    presets: { of: async () => presets },
    ...changes,
  };
  await app.register(openAiDoor(deps), { prefix: '/v1' });
  await app.register(ollamaDoor(deps), { prefix: '/api' });
  await app.register(ollamaRoot({ hasWebUi: false }));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, gateway, [Symbol.asyncDispose]: () => app.close() };
}
