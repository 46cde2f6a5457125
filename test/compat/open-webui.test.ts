import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBrowser, visit } from '../e2e/web/browser.ts';
import { eventually, type TestCluster } from '../support/start-cluster.ts';
import { type CallRecorder, openCallRecorder } from './call-recorder.ts';
import { openCompatCluster } from './compat-cluster.ts';
import { type OpenWebUi, startOpenWebUi, whyNoOpenWebUi } from './open-webui.ts';

const obstacle = await whyNoOpenWebUi();
if (obstacle !== undefined) console.log(`Open WebUI itself is not tested: ${obstacle}`);

/** What Open WebUI asks a model about a chat by itself. */
const helper = {
  fake: 1,
  answers: [
    { match: 'Generate a concise title', text: '{ "title": "Capital of Japan" }' },
    { match: 'next to advance their current objective', text: '{ "follow_ups": ["And what is the capital of Brazil?"] }' },
    { match: 'broad tags', text: '{ "tags": ["Geography"] }' },
  ],
  tokensPerSecond: 500,
};

/** Calls one of the tools that Open WebUI runs itself, and reads its answer. */
const clock = {
  fake: 1,
  text: 'No clock answered.',
  answers: [
    { match: 'What time', toolCalls: [{ name: 'get_current_timestamp', arguments: {} }] },
    { match: 'current_timestamp', text: 'It is later than you think.' },
  ],
  tokensPerSecond: 500,
};

type Json = Record<string, unknown>;
const question = 'What is the capital of Japan?';
const answer = 'The capital of Japan is Tokyo.';

let cluster: TestCluster;
let ollama: CallRecorder;
let openAi: CallRecorder;
let webUi: OpenWebUi;
let browser: Browser;
let token: string;

beforeAll(async () => {
  if (obstacle !== undefined) return;
  cluster = await openCompatCluster({ helper, clock });
  ollama = await openCallRecorder(cluster.ollamaUrl);
  openAi = await openCallRecorder(cluster.url);
  const connections = { ollamaUrl: ollama.url, openAiUrl: openAi.url };
  webUi = await startOpenWebUi({ ...connections, taskModel: 'helper', embeddingModel: 'starter' });
  browser = await openBrowser();
  token = ((await post('/api/v1/auths/signin', { email: '', password: '' })) as { token: string }).token;
}, 300_000);
beforeEach(({ skip }) => skip(obstacle !== undefined, obstacle));
afterAll(async () => {
  await browser?.close();
  await webUi?.[Symbol.asyncDispose]();
  await ollama?.[Symbol.asyncDispose]();
  await openAi?.[Symbol.asyncDispose]();
  await cluster?.stop();
});

const send = (path: string, init: RequestInit) =>
  fetch(`${webUi.url}${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

async function readJson(response: Response): Promise<Json> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}\n${webUi.output()}`);
  return JSON.parse(text) as Json;
}

const get = async (path: string) => readJson(await send(path, {}));
const sendJson = (path: string, body: object) =>
  send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const post = async (path: string, body: object) => readJson(await sendJson(path, body));

const failures = () => [...ollama.calls, ...openAi.calls].filter(({ status }) => status >= 400);
const bodiesOf = (recorder: CallRecorder, path: string) =>
  recorder.calls.filter((call) => call.path === path).map(({ body }) => JSON.parse(body) as Json);

interface Chunk {
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage?: Json;
}

async function readChunks(response: Response): Promise<readonly Chunk[]> {
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events = (await response.text()).split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  expect(events.at(-1)).toBe('[DONE]');
  return events.slice(0, -1).map((event) => JSON.parse(event) as Chunk);
}

/** Both connections give every model, under the names of their own dialect. */
const models = [
  ['an Ollama connection', 'starter:latest', () => ollama, '/api/chat'],
  ['an OpenAI connection', 'starter', () => openAi, '/v1/chat/completions'],
] as const;

test('both connections are verified, and list their models', async () => {
  expect(await post('/ollama/verify', { url: ollama.url, key: '' })).toMatchObject({ version: expect.any(String) });
  expect(await post('/openai/verify', { url: `${openAi.url}/v1`, key: 'unused' })).toMatchObject({ object: 'list' });
  const { data } = (await get('/api/models')) as { data: Json[] };
  expect(data).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 'starter:latest', owned_by: 'ollama', connection_type: 'local' }),
      expect.objectContaining({ id: 'starter', owned_by: 'openai', connection_type: 'external' }),
    ]),
  );
});

describe.each(models)('through %s', (_, model) => {
  test('a chat is streamed', async () => {
    const response = await sendJson('/api/chat/completions', {
      model,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: question }],
    });
    const chunks = await readChunks(response);
    const pieces = chunks.flatMap(({ choices }) => choices?.[0]?.delta.content ?? []);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(answer);
    expect(chunks.find(({ usage }) => usage)?.usage).toMatchObject({ prompt_tokens: expect.any(Number), completion_tokens: 8 });
  });

  test('a chat is answered whole', async () => {
    const whole = await post('/api/chat/completions', { model, stream: false, messages: [{ role: 'user', content: question }] });
    expect(whole).toMatchObject({ choices: [{ finish_reason: 'stop', message: { content: answer } }] });
  });

  test('an unknown model and a prompt that is too long are told in our words', async () => {
    const tooLong = await sendJson('/api/chat/completions', { model, messages: [{ role: 'user', content: 'word '.repeat(5000) }] });
    expect(tooLong.status).toBeGreaterThanOrEqual(400);
    expect(await tooLong.text()).toContain('Shorten the conversation');
  });
});

test.each([
  ['ollama', () => ollama.url, 'starter:latest', () => bodiesOf(ollama, '/api/embed')],
  ['openai', () => `${openAi.url}/v1`, 'starter', () => bodiesOf(openAi, '/v1/embeddings')],
] as const)('documents are embedded by the %s engine and found again', async (engine, url, model, embedded) => {
  await post('/api/v1/retrieval/embedding/update', {
    RAG_EMBEDDING_ENGINE: engine,
    RAG_EMBEDDING_MODEL: model,
    RAG_EMBEDDING_BATCH_SIZE: 8,
    [`${engine}_config`]: { url: url(), key: 'unused' },
  });
  const text = 'The harbour of Recife opens at six.';
  const form = new FormData();
  form.append('file', new Blob([text], { type: 'text/plain' }), `${engine}.txt`);
  const file = await readJson(await send('/api/v1/files/?process_in_background=false', { method: 'POST', body: form }));
  const found = await post('/api/v1/retrieval/query/doc', { collection_name: `file-${file['id']}`, query: text, k: 1 });
  expect(found).toMatchObject({ documents: [[text]], distances: [[expect.closeTo(1, 2)]] });
  expect(embedded().map(({ input }) => input)).toEqual([[text], [text]]);
});

test('a loaded model is shown, described and ejected', async () => {
  await post('/ollama/api/generate', { model: 'starter:latest', prompt: '', stream: false });
  const names = async () => ((await get('/ollama/api/ps')) as { models: Json[] }).models.map(({ model }) => model);
  expect(await names()).toContain('starter:latest');
  expect(await post('/ollama/api/show', { model: 'starter:latest' })).toMatchObject({ capabilities: ['completion'] });
  await post('/ollama/api/unload', { model: 'starter:latest' });
  await eventually('it is gone', async () => !(await names()).includes('starter:latest'));
});

async function ask(page: Page, model: string, text: string): Promise<void> {
  await page.getByRole('button', { name: /^Selected model/ }).click();
  await page.getByRole('option', { name: `Select ${model} model`, exact: true }).click();
  await page.locator('#chat-input').fill(text);
  await page.keyboard.press('Enter');
}

/** The page greets each new visitor with its release notes. */
async function openPage(): Promise<Awaited<ReturnType<typeof visit>>> {
  const visitor = await visit(browser, webUi.url);
  const notes = visitor.page.getByRole('dialog').getByRole('button', { name: 'Close' });
  await visitor.page.addLocatorHandler(notes, () => notes.click());
  return visitor;
}

describe.each(models)('on its page, through %s', (_, model, recorder, path) => {
  test('a question is answered, and the chat gets its name and a next question', async () => {
    await using visitor = await openPage();
    const { page } = visitor;
    await ask(page, model, question);
    const conversation = page.getByRole('log');
    await conversation.getByText(answer).waitFor();
    await page.getByText('And what is the capital of Brazil?').first().waitFor();
    await page.getByRole('heading', { name: 'Capital of Japan' }).waitFor();
    await visitor.picture(`open-webui-${model.replace(':', '-')}`);
    // every question comes with every tool that Open WebUI has
    const asked = bodiesOf(recorder(), path).find(({ tools }) => Array.isArray(tools));
    expect(asked?.['tools']).toSatisfy((tools: unknown[]) => tools.length > 20);
  });

  test('a tool that the model calls is run, and its answer read', async () => {
    await using visitor = await openPage();
    const { page } = visitor;
    await ask(page, model.replace('starter', 'clock'), 'What time is it?');
    await page.getByRole('log').getByText('It is later than you think.').waitFor();
  });

  test('an answer that somebody stops ends in the cluster as well', async () => {
    await using visitor = await openPage();
    const { page } = visitor;
    await ask(page, model.replace('starter', 'endless'), 'Never stop.');
    await page.getByRole('log').getByText('word word word').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await eventually('no stream is left', async () =>
      (await (await fetch(`${cluster.url}/metrics`)).text()).includes('cluster_active_tasks 0'),
    );
  });
});

test('nothing that it asked was refused or unknown, but for what was too long', () => {
  expect(failures().filter(({ error }) => !error.includes('tokens'))).toEqual([]);
});
