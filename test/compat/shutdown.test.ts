import { Ollama } from 'ollama';
import OpenAI, { APIError } from 'openai';
import { expect, test } from 'vitest';
import { openCompatCluster } from './compat-cluster.ts';

const messages = [{ role: 'user' as const, content: 'Go on.' }];

/** Reads a stream to its end; calls back once it flows. Gives what it ended with. */
async function readAll(stream: AsyncIterable<unknown>, onFlow: () => void): Promise<unknown> {
  try {
    for await (const _ of stream) onFlow();
    return 'ended as if it were complete';
  } catch (error) {
    return error;
  }
}

test('clients whose streams a stopping cluster ends are told so', async () => {
  await using cluster = await openCompatCluster();
  const openai = new OpenAI({ baseURL: `${cluster.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const ollama = new Ollama({ host: cluster.ollamaUrl });
  const flows = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const ends = [
    readAll(await openai.chat.completions.create({ model: 'endless', messages, stream: true }), flows[0].resolve),
    readAll(await ollama.chat({ model: 'endless', messages, stream: true }), flows[1].resolve),
  ];
  await Promise.all(flows.map(({ promise }) => promise));
  const stopped = cluster.stop();
  const [fromOpenAi, fromOllama] = await Promise.all(ends);
  await stopped;
  // whoever notices first says it: the control plane that stops, the node that says goodbye, the engine, or the door that misses the end
  expect(fromOpenAi).toBeInstanceOf(APIError);
  expect(fromOpenAi).toMatchObject({
    type: 'server_error',
    code: expect.stringMatching(/^(shutting_down|engine_crashed|engine_error|node_lost|node_unreachable)$/),
  });
  expect(String(fromOllama)).toMatch(/stopping|ended before|broke/);
});
