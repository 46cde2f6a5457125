import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatDetails, ChatStreamEvent, Node } from '@cluster-ai/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf, eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

const cli = join(import.meta.dirname, '../../packages/cli/src/main.ts');
/** Side by side, so that they last a while and some of them are where the victim is. */
const CLIENTS = 8;
const MOST_ROUNDS = 5;
const question = 'Tell me a story about a brave fox.';

let cluster: TestCluster;
let second: ChildProcess;
beforeAll(async () => {
  cluster = await startCluster();
  const { stdout, stderr, code } = await cluster.cli('nodes', 'invite', '--json', '--listen-host', '127.0.0.1');
  expect(code, stderr).toBe(0);
  const { address, token } = JSON.parse(stdout) as { address: string; token: string };
  const folder = `${cluster.dataFolder}-second`;
  second = spawn(process.execPath, [cli, 'join', address, '--token', token, '--name', 'second', '--data-dir', folder], {
    stdio: 'ignore',
    env: { ...process.env, LANG: 'C' },
  });
  await eventually(
    'the second node is ready',
    async () => (await listNodes()).filter(({ condition }) => condition.state === 'ready').length === 2,
  );
  // only now, or both copies would be on the first machine
  await writeFile(join(cluster.dataFolder, 'cluster.yaml'), 'cluster:\n  models:\n    - name: starter\n      replicas: 2\n');
  cluster = await cluster.restart();
});
afterAll(async () => {
  second.kill('SIGTERM');
  await once(second, 'exit');
  await cluster.stop();
  await rm(`${cluster.dataFolder}-second`, { recursive: true, force: true });
});

const api = (path: string) => `${cluster.url}/api/v1${path}`;
const post = (url: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(150_000),
  });

const listNodes = async () => ((await (await fetch(api('/nodes'))).json()) as { nodes: Node[] }).nodes;
const copiesOn = ({ replicas }: Node) => replicas.filter(({ condition }) => condition.state === 'ready').length;

/** After a machine was lost both copies may be on the other one, and stay there. */
const twoCopiesServe = () =>
  eventually('two copies serve, and both nodes are ready', async () => {
    const nodes = (await listNodes()).filter(({ condition }) => condition.state === 'ready');
    return nodes.length === 2 && nodes.reduce((sum, node) => sum + copiesOn(node), 0) === 2 && nodes;
  });

async function countContinued(): Promise<number> {
  const metrics = await (await fetch(`${cluster.url}/metrics`)).text();
  return Number(/^cluster_continued_tasks (\d+)$/m.exec(metrics)?.[1]);
}

const agentOf = async (parent: number) => (await childrenOf(parent)).find(({ command }) => command.includes('agent'))?.pid ?? -1;
/** The agent of a machine with a copy: the other one where both have one. */
async function findAgent(): Promise<number> {
  const serving = (await listNodes()).filter((node) => copiesOn(node) > 0);
  return serving.some(({ isLocal }) => !isLocal) ? agentOf(second.pid ?? -1) : (await cluster.pids()).agent;
}
const findEngine = async () => (await childrenOf(await findAgent()))[0]?.pid ?? -1;

/** Lines of a streamed answer as they come. */
async function* readLines(response: Response): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of response.body ?? []) {
    const lines = (rest + decoder.decode(bytes as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

/** A client of one door: asks the question, tells when text flows, and gives the whole text once the answer said that it is complete. */
type Client = (onText: () => void) => Promise<string>;

const askOpenAi: Client = async (onText) => {
  const messages = [{ role: 'user', content: question }];
  let text = '';
  for await (const line of readLines(
    await post(`${cluster.url}/v1/chat/completions`, { model: 'starter', messages, temperature: 0, stream: true }),
  )) {
    if (line === 'data: [DONE]') return text;
    if (!line.startsWith('data:')) continue;
    const chunk = JSON.parse(line.slice(5)) as { choices?: { delta: { content?: string } }[]; error?: object };
    if (chunk.error) throw new Error(line);
    text += chunk.choices?.[0]?.delta.content ?? '';
    onText();
  }
  throw new Error(`It was cut silently after: ${text}`);
};

const askOllama: Client = async (onText) => {
  const options = { temperature: 0 };
  let text = '';
  for await (const line of readLines(await post(`${cluster.url}/api/generate`, { model: 'starter', prompt: question, options }))) {
    const { response, done, error } = JSON.parse(line) as { response?: string; done?: boolean; error?: string };
    if (error) throw new Error(error);
    text += response ?? '';
    if (done) return text;
    onText();
  }
  throw new Error(`It was cut silently after: ${text}`);
};

/** As the chat page does it; the text is what its history holds afterwards, which must be what it showed. */
const askChatPage: Client = async (onText) => {
  const { id } = (await (await post(api('/chats'), { title: '', model: 'starter' })).json()) as { id: string };
  const turn = { parentId: null, content: question, options: { temperature: 0 } };
  let shown = '';
  for await (const line of readLines(await post(api(`/chats/${id}/turns`), turn))) {
    if (!line.startsWith('data:')) continue;
    const event = JSON.parse(line.slice(5)) as ChatStreamEvent;
    if (event.type === 'message') shown = event.message.content;
    if (event.type === 'delta') shown += event.text;
    if (shown !== '') onText();
  }
  const { messages } = (await (await fetch(api(`/chats/${id}`))).json()) as ChatDetails;
  const answer = messages.at(-1);
  expect(answer).toMatchObject({ isComplete: true, answer: { error: null, finishReason: 'stop' } });
  expect(answer?.content).toBe(shown);
  return shown;
};

/** Kills the victim as soon as all clients have text, and gives what each got in the end. */
async function askAndKill(ask: Client, victim: () => Promise<number>): Promise<readonly string[]> {
  const pid = await victim();
  const flowing = new Set<number>();
  const onText = (client: number) => {
    if (flowing.size === CLIENTS) return;
    flowing.add(client);
    if (flowing.size === CLIENTS) process.kill(pid, 'SIGKILL');
  };
  return Promise.all(Array.from({ length: CLIENTS }, (_, client) => ask(() => onText(client))));
}

test('at first each machine has a copy', async () => {
  await eventually('a copy on each', async () => (await listNodes()).every((node) => copiesOn(node) === 1));
});

test.each([
  { door: 'OpenAI’s door', ask: askOpenAi, victim: 'a machine’s agent', find: findAgent },
  { door: 'Ollama’s door', ask: askOllama, victim: 'a machine’s agent', find: findAgent },
  { door: 'the chat page', ask: askChatPage, victim: 'an engine', find: findEngine },
])('through $door every client gets the whole text, once, when $victim is killed', async ({ ask, find }) => {
  await twoCopiesServe();
  const undisturbed = await ask(() => {});
  expect(undisturbed.length).toBeGreaterThan(100);
  for (let round = 1; ; round++) {
    const before = await countContinued();
    const texts = await askAndKill(ask, find);
    expect(texts).toEqual(Array.from({ length: CLIENTS }, () => undisturbed));
    await twoCopiesServe();
    if ((await countContinued()) > before) return; // else all were quicker than the kill
    expect(round, 'rounds without a broken answer').toBeLessThan(MOST_ROUNDS);
  }
});
