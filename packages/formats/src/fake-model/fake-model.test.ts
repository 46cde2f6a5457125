import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectFakeModel } from './fake-model.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'script-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function inspectText(text: string) {
  const path = join(folder, 'x.fake.json');
  await writeFile(path, text);
  return inspectFakeModel(path);
}

test('a script says that no model runs, and what it can play', async () => {
  expect(await inspectText('{"fake": 1}')).toMatchObject({
    format: 'other',
    architecture: 'fake',
    description: 'Scripted answers of the fake engine. No model runs.',
    capabilities: ['completion', 'chat'],
  });
  const rich = { fake: 1, embedding: [1, 2], answers: [{ match: 'x', toolCalls: [{ name: 'f', arguments: {} }] }] };
  expect(await inspectText(JSON.stringify(rich))).toMatchObject({
    embeddingLength: 2,
    capabilities: ['completion', 'chat', 'tools', 'embedding'],
  });
});

test.each([
  ['not JSON', 'fake: 1', 'it is not JSON'],
  ['another kind of JSON', '{"name": "package"}', "'fake'"],
  ['a mistyped field', '{"fake": 1, "tokenPerSecond": 5}', 'tokenPerSecond'],
  ['a speed of nothing', '{"fake": 1, "tokensPerSecond": 0}', "'tokensPerSecond'"],
  ['too much', `{"fake": 1, "text": "${'x'.repeat(1024 * 1024)}"}`, '1048576 are the most'],
])('%s is refused with what is wrong in it', async (_, text, sentence) => {
  await expect(inspectText(text)).rejects.toMatchObject({ code: 'invalid_model_file', message: expect.stringContaining(sentence) });
});
