import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError, toWireError } from '@cluster-ai/contracts';
import { type FakeModel, inspectFakeModel, readFakeModel } from '@cluster-ai/formats';
import { endWithParent } from '@cluster-ai/runtime';
import type { EngineFacts } from '../engine.ts';
import { createInferenceListener } from '../openai-dialect/index.ts';
import type { ChildMessage, StartMessage } from './child-messages.ts';
import { createFakeInference, type FakeCounts } from './fake-inference.ts';
import { createSlots, type Slots } from './slots.ts';

// The fake engine's process: reads a script, plays it over a Unix socket, and fails as the script says.

const TELL_EVERY_MS = 1000;
const PROGRESS_STEPS = 10;

const tell = (message: ChildMessage) => void process.send?.(message, () => {});

async function pretendToLoad({ loadMs, failLoad }: FakeModel, path: string): Promise<void> {
  for (let step = 1; step <= PROGRESS_STEPS && loadMs > 0; step++) {
    await sleep(loadMs / PROGRESS_STEPS);
    tell({ type: 'progress', progress: step / PROGRESS_STEPS });
  }
  if (failLoad === 'crash') process.abort();
  if (failLoad === 'never') await new Promise(() => {});
  if (failLoad === 'error') throw new ClusterError('invalid_model_file', `${path} is a script whose loading fails.`);
}

/** `GET /counts` beside the dialect: what happened so far. */
function withCounts(listener: (request: IncomingMessage, response: ServerResponse) => void, counts: FakeCounts) {
  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' || request.url !== '/counts') return listener(request, response);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts));
  };
}

function tellStats(slots: Slots, counts: FakeCounts): void {
  let lastTokens = 0;
  const tellNow = () => {
    const tokensPerSecond = ((counts.tokens - lastTokens) * 1000) / TELL_EVERY_MS;
    lastTokens = counts.tokens;
    const memoryBytes = process.memoryUsage.rss();
    tell({ type: 'stats', stats: { busySlots: slots.busy, queued: slots.queued, tokensPerSecond, memoryBytes } });
  };
  tellNow();
  setInterval(tellNow, TELL_EVERY_MS);
}

async function start({ path, socketPath, parallel, contextSize }: StartMessage): Promise<EngineFacts> {
  const startedAt = performance.now();
  const script = await readFakeModel(path);
  const { capabilities, embeddingLength } = await inspectFakeModel(path);
  await pretendToLoad(script, path);
  const slots = createSlots(parallel ?? script.parallel);
  const counts: FakeCounts = { started: 0, finished: 0, aborted: 0, tokens: 0 };
  const handlers = createFakeInference(script, slots, counts);
  const server = createServer(withCounts(createInferenceListener({ handlers, now: Date.now }), counts));
  server.listen(socketPath);
  await once(server, 'listening');
  tellStats(slots, counts);
  return {
    capabilities,
    contextSize: contextSize ?? script.contextSize,
    parallel: parallel ?? script.parallel,
    threads: 1,
    embeddingLength,
    loadMs: performance.now() - startedAt,
  };
}

endWithParent();
process.title = 'cluster-ai fake engine';
const [message] = (await once(process, 'message')) as [StartMessage];
try {
  tell({ type: 'ready', facts: await start(message) });
} catch (error) {
  tell({ type: 'failed', error: toWireError(error) });
}
