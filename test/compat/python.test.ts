import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestCluster } from '../support/start-cluster.ts';
import { openCompatCluster, RECIFE } from './compat-cluster.ts';
import { runPython, whyNoPython } from './python-clients.ts';

const obstacle = await whyNoPython();
if (obstacle !== undefined) console.log(`The Python clients are not tested: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('the official Python clients', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openCompatCluster();
  });
  afterAll(() => cluster?.stop());

  test('openai', async () => {
    const seen = await runPython('openai_client.py', cluster.url);
    expect(seen).toEqual({
      models: expect.arrayContaining(['starter', 'scripted', 'slow']),
      chat: {
        text: 'The capital of Brazil is Brasília.',
        finish: 'stop',
        tokens: expect.any(Number),
        request: expect.stringMatching(/^req_/),
      },
      stream: { text: 'The capital of Brazil is Brasília.', chunks: expect.any(Number), tokens: expect.any(Number) },
      schema: { name: 'Ana', age: 30 },
      forced_tool: { name: 'get_weather', keys: ['city', 'days'] },
      own_tool: { arguments: RECIFE, text: 'It is sunny in Recife, with 31 degrees.' },
      embeddings: { length: 256, difference: expect.closeTo(0, 5) },
      abort: 3,
      errors: {
        unknown: { type: 'NotFoundError', status: 404, code: 'model_not_found', param: expect.toBeOneOf([null, 'model']) },
        too_long: expect.objectContaining({ type: 'BadRequestError', status: 400, code: 'context_length_exceeded' }),
      },
    });
    expect(seen).toMatchObject({ stream: { chunks: expect.toSatisfy((count: number) => count > 4) } });
  });

  test('ollama', async () => {
    const seen = await runPython('ollama_client.py', cluster.ollamaUrl);
    expect(seen).toEqual({
      models: expect.objectContaining({ 'starter:latest': 'llama', 'scripted:latest': 'fake' }),
      show: { architecture: 'llama', capabilities: expect.arrayContaining(['completion']) },
      chat: { text: 'The capital of Brazil is Brasília.', reason: 'stop', tokens: expect.any(Number) },
      stream: { text: 'The capital of Brazil is Brasília.', parts: expect.any(Number), done: true },
      generate: expect.stringContaining('Tokyo'),
      schema: { name: 'Ana', age: 30 },
      tools: { call: 'get_weather', text: 'It is sunny in Recife, with 31 degrees.' },
      embeddings: { count: 2, length: 256, old: 256 },
      running: { reason: 'load', count: 1, expires: expect.stringMatching(/^20/) },
      abort: 3,
      errors: {
        unknown: { status: 404, error: "model 'nobody' not found" },
        too_long: { status: 400, error: expect.stringMatching(/context|tokens/) },
      },
    });
  });
});
