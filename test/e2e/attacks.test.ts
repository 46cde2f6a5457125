import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateDataFolder, readHostCredential } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findParts, type NativeRouteFacts, readNativeRoutes, type Schema, sampleOf } from '../support/native-routes.ts';
import { noUpstream, startCluster, type TestCluster } from '../support/start-cluster.ts';

let folder: string;
let cluster: TestCluster;
let owner: string;
let viewer: string;
let routes: readonly NativeRouteFacts[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attacks-'));
  const scripts = {
    talk: { fake: 1, text: 'Hello there.', tokensPerSecond: 20_000, firstTokenMs: 1, parallel: 16 },
    crash: { fake: 1, text: 'one two three four five six', tokensPerSecond: 1000, crashAfterTokens: 2 },
  };
  const models: Record<string, string> = {};
  for (const [name, script] of Object.entries(scripts)) {
    models[name] = join(folder, `${name}.fake.json`);
    await writeFile(models[name], JSON.stringify(script));
  }
  cluster = await startCluster({
    models,
    config: noUpstream,
    dataFolder: join(folder, 'cluster'),
    arguments: ['--port', '0', '--ollama-port', '0', '--registry-port', '0', '--link-port', '0', '--log-level', 'trace'],
  });
  owner = readHostCredential(locateDataFolder(cluster.dataFolder, {})) ?? '';
  viewer = JSON.parse((await cluster.cli('keys', 'create', 'onlooker', '--role', 'viewer', '--json')).stdout).key;
  routes = await readNativeRoutes(cluster.url);
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Longer than any answer here takes, but for a model that crashes each time. */
const longestMs = 60_000;

interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly base?: string;
}

/** All of an answer; of an endless one its first part. */
async function textOf(response: IncomingMessage): Promise<string> {
  if (response.headers['content-type']?.startsWith('text/event-stream')) setTimeout(() => response.destroy(), 300);
  let text = '';
  try {
    for await (const chunk of response) text += chunk;
  } catch {} // it was cut
  return text;
}

function call(path: string, { method = 'GET', headers = {}, body, base = cluster.url }: Call = {}) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>((resolve, reject) => {
    // Node writes no length for a DELETE by itself, and the body would look like the next request
    const framed = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(`${base}${path}`, { method, headers: framed, agent: false }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) });
    });
    request.setTimeout(longestMs, () => request.destroy(new Error(`${method} ${path} did not answer`)));
    request.on('error', reject).end(body);
  });
}

const asOwner = () => ({ authorization: `Bearer ${owner}` });
const json = { 'content-type': 'application/json' };
const fill = (path: string, value: string) => path.replace(/\{\w+\}/g, encodeURIComponent(value));

/** What must be as it was: the machines, the models, who has a key, and the record, unbroken. */
async function picture() {
  const read = async (path: string) => JSON.parse((await call(`/api/v1/${path}`, { headers: asOwner() })).text);
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).toSorted();
  return { nodes: names((await read('nodes')).nodes), models: names((await read('models')).models) };
}

const isText = (schema: Schema) => schema.type === 'string' && !schema.enum;
/** An invitation that names no address would open the link to the network. */
const onlyHere = (_schema: Schema, path: string) => (path === '/listenHost' ? '127.0.0.1' : undefined);

describe('attack 5: SQL in ids, filters and headers', () => {
  const injections = [
    "' OR '1'='1",
    "x'; DROP TABLE nodes; --",
    '" OR ""="',
    "') UNION SELECT name, sql FROM sqlite_master --",
    '%27%20OR%201=1 --',
    "x\\'; SELECT pg_sleep(9); --",
  ];
  const tellsSql = /sqlite|syntax error|near "|no such (?:table|column)|unterminated|kysely|constraint/i;
  /** What was sent may stand in an answer, as it was or as a part of an address. */
  const withoutEcho = (text: string) =>
    injections
      .flatMap((injection) => [JSON.stringify(injection).slice(1, -1), encodeURIComponent(injection), injection])
      .reduce((rest, echo) => rest.replaceAll(echo, ''), text);
  const check = (what: string, { status, text }: { status: number; text: string }) => {
    expect(status, `${what}: ${text}`).toBeLessThan(500);
    expect(withoutEcho(text), what).not.toMatch(tellsSql);
  };

  test('of every native route change nothing, tell nothing, and are no error of ours', async () => {
    const before = await picture();
    let tried = 0;
    for (const { method, path, queryFields, body } of routes)
      for (const injection of injections) {
        const places = Object.keys(queryFields).map((name) => `?${name}=${encodeURIComponent(injection)}`);
        const choose = (schema: Schema, at: string) => onlyHere(schema, at) ?? (isText(schema) ? injection : undefined);
        const sent = body ? { headers: { ...asOwner(), ...json }, body: JSON.stringify(sampleOf(body, choose)) } : { headers: asOwner() };
        for (const query of ['', ...places]) {
          check(`${method} ${path}${query}`, await call(`${fill(path, injection)}${query}`, { method, ...sent }));
          tried++;
        }
      }
    expect(tried).toBeGreaterThan(routes.length * injections.length);
    expect(await picture()).toEqual(before);
    expect((await cluster.cli('audit', 'verify')).code).toBe(0);
  });

  test('in headers are no credential', async () => {
    const through = { via: '1.1 somewhere' }; // or this machine would need none
    for (const base of [cluster.url, cluster.ollamaUrl])
      for (const injection of injections)
        for (const [name, value] of [
          ['authorization', `Bearer ${injection}`],
          ['authorization', `Bearer cai_sk_${injection}_x`],
          ['authorization', injection],
          ['x-api-key', injection],
          ['cookie', `cluster_ai=${encodeURIComponent(injection)}; __Host-cluster_ai=${encodeURIComponent(injection)}`],
        ] as const) {
          const answer = await call('/v1/models', { base, headers: { ...through, [name]: value } });
          check(`${name}: ${value}`, answer);
          const keys = await call('/api/v1/keys', { headers: { ...through, [name]: value } });
          expect(keys.status, `${name}: ${value}`).toBeOneOf([400, 401, 403]);
        }
  });
});

test('attack 7: no field and no header names where a request goes', async () => {
  let dialled = 0;
  const trap = createServer((socket) => {
    dialled++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => trap.once('listening', resolve));
  const { port } = trap.address() as AddressInfo;
  const target = `http://127.0.0.1:${port}/v1`;
  const names = [
    ...['api_base', 'base_url', 'baseUrl', 'url', 'endpoint', 'host', 'upstream', 'server', 'proxy', 'callback_url', 'webhook', 'remote'],
    ...['api_url', 'ollama_host', 'remote_host', 'target'],
  ];
  const fields = Object.fromEntries(names.map((name) => [name, target]));
  const headers = {
    ...json,
    ...Object.fromEntries(['x-upstream', 'x-target-url', 'x-forwarded-server', 'proxy'].map((name) => [name, target])),
  };
  const messages = [{ role: 'user', content: 'Hi' }];
  const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: target } }] }];
  const bodies = {
    '/v1/chat/completions': { model: 'talk', messages, ...fields, metadata: fields, extra_body: fields },
    '/v1/embeddings': { model: 'talk', input: 'x', ...fields },
    '/api/chat': { model: 'talk', messages, stream: false, ...fields, options: fields },
    '/api/generate': { model: 'talk', prompt: 'x', stream: false, ...fields, options: fields },
    '/api/v1/generate': { model: 'talk', prompt: 'x', ...fields },
  };
  for (const [path, body] of Object.entries(bodies))
    expect((await call(path, { method: 'POST', headers, body: JSON.stringify(body) })).status, path).toBeLessThan(500);
  const shown = await call('/v1/chat/completions', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ model: 'talk', messages: image }),
  });
  expect(shown.status).toBe(400);
  for (const model of [target, `talk@${target}`, `127.0.0.1:${port}/talk`, `//127.0.0.1:${port}`])
    expect(
      (await call('/v1/chat/completions', { method: 'POST', headers: json, body: JSON.stringify({ model, messages }) })).status,
    ).toBeOneOf([400, 404]);
  trap.close();
  expect(dialled).toBe(0);
});

describe('attack 14: flags that turn checks off', () => {
  const flags = [
    ...['is_prompt', 'skip', 'skip_validation', 'skipValidation', 'force', 'insecure', 'trusted', 'internal', 'debug', 'admin', 'dry_run'],
    ...['no_auth', 'unsafe', 'bypass', 'trust_remote_code', 'isLocal', 'isAdmin'],
  ];
  const all = Object.fromEntries(flags.map((flag) => [flag, true]));
  const combinationsOf = (names: readonly string[]): Record<string, boolean>[] =>
    Array.from({ length: 2 ** Math.min(names.length, 5) }, (_, bits) =>
      Object.fromEntries(names.slice(0, 5).map((name, index) => [name, (bits & (1 << index)) !== 0])),
    );

  test('give a viewer no right, in the body, the query or a header, whatever a route’s own switches say', async () => {
    const rights = new Set(['public', 'profile:read', 'profile:write']);
    const query = `?${flags.map((flag) => `${flag}=true`).join('&')}`;
    const headers = { ...json, authorization: `Bearer ${viewer}`, ...Object.fromEntries(flags.map((flag) => [`x-${flag}`, 'true'])) };
    let tried = 0;
    for (const { method, path, permission, body = {} } of routes) {
      if (method === 'GET' || rights.has(permission)) continue;
      const plain = await call(fill(path, 'x'), { method, headers: { authorization: `Bearer ${viewer}` } });
      if (plain.status !== 403) continue; // a viewer may do it
      const switches = findParts(body, ({ type }) => type === 'boolean').map((part) => part.slice(1));
      for (const chosen of combinationsOf(switches)) {
        const sent = JSON.stringify({ ...(sampleOf(body, onlyHere) as object), ...chosen, ...all });
        expect((await call(`${fill(path, 'x')}${query}`, { method, headers, body: sent })).status, `${method} ${path}`).toBe(403);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(15);
  });

  test('do not make a model of what is none, for the owner either', async () => {
    const broken = join(folder, 'broken.gguf');
    await writeFile(broken, 'no model');
    const headers = { ...asOwner(), ...json };
    for (const flag of flags)
      expect(
        (await call('/api/v1/models', { method: 'POST', headers, body: JSON.stringify({ name: 'broken', path: broken, [flag]: true }) }))
          .status,
        flag,
      ).toBeOneOf([400, 422]);
    expect((await call('/api/v1/models/broken', { headers })).status).toBe(404);
  });
});

describe('attack 15: content types that say something else', () => {
  const boundary = 'multipart/form-data; boundary=x';
  const form = '--x\r\nContent-Disposition: form-data; name="file"; filename="/etc/passwd"\r\n\r\nhello\r\n--x--\r\n';

  test('are refused by every native route that takes a body', async () => {
    for (const { method, path, body } of routes) {
      if (!body) continue;
      for (const [type, text] of [
        [boundary, form],
        ['application/x-www-form-urlencoded', 'a=b'],
        ['text/plain', JSON.stringify(sampleOf(body, onlyHere))],
        ['application/xml', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'],
        ['application/jsonp', '{}'],
        ['application/json, text/plain', '{}'],
        ['json', '{}'],
      ] as const) {
        const answer = await call(fill(path, 'x'), { method, headers: { ...asOwner(), 'content-type': type }, body: text });
        expect(answer.status, `${method} ${path} ${type}: ${answer.text}`).toBeOneOf([400, 415, 429]); // 429: attempts to sign in are counted before
      }
    }
  });

  test('and a form is no question to a model', async () => {
    for (const path of ['/v1/chat/completions', '/v1/embeddings', '/api/chat', '/api/generate'])
      for (const base of [cluster.url, cluster.ollamaUrl])
        expect((await call(path, { base, method: 'POST', headers: { 'content-type': boundary }, body: form })).status).toBeOneOf([
          400, 415,
        ]);
  });

  test('and no JSON that looks like what a parser of forms leaves opens a file', async () => {
    const planted = { filepath: '/etc/passwd', path: '/etc/passwd', originalFilename: 'x', mimetype: 'text/plain', size: 1 };
    for (const { method, path, body } of routes) {
      if (!body) continue;
      const sent = { ...(sampleOf(body, onlyHere) as object), files: { file: planted, x: [planted] }, file: planted };
      const answer = await call(fill(path, 'x'), { method, headers: { ...asOwner(), ...json }, body: JSON.stringify(sent) });
      expect(answer.status, `${method} ${path}`).toBeLessThan(500);
      expect(answer.text).not.toContain('root:');
    }
  });
});

describe('attack 37: names that reach into every object', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

  test('are ordinary unknown names in every path and query', async () => {
    for (const { method, path } of routes.filter(({ path: one }) => one.includes('{')))
      for (const name of names) {
        const { status, text } = await call(fill(path, name), { method, headers: asOwner() });
        const allowed = text.includes('compute_disabled') ? [409] : [204, 400, 403, 404]; // 403: for people only
        expect(status, `${method} ${path} ${name}: ${text}`).toBeOneOf(allowed);
      }
    const query = '?__proto__[role]=admin&constructor[prototype][role]=admin&__proto__=1';
    expect((await call(`/api/v1/me${query}`, { headers: { authorization: `Bearer ${viewer}` } })).text).not.toContain('"admin"');
    expect((await call(`/api/v1/keys${query}`, { headers: { authorization: `Bearer ${viewer}` } })).status).toBe(403);
  });

  test('are no role, no scope and no model', async () => {
    for (const name of names) {
      const make = (body: object) =>
        call('/api/v1/keys', { method: 'POST', headers: { ...asOwner(), ...json }, body: JSON.stringify(body) });
      expect((await make({ name: 'x', role: name })).status).toBe(400);
      expect((await make({ name: 'x', role: 'viewer', scopes: [name] })).status).toBe(400);
      const ask = { model: name, messages: [{ role: 'user', content: 'x' }], prompt: 'x', stream: false };
      for (const path of ['/v1/chat/completions', '/api/chat', '/api/generate', '/api/v1/generate'])
        expect((await call(path, { method: 'POST', headers: json, body: JSON.stringify(ask) })).status, `${path} ${name}`).toBeOneOf([
          400, 404,
        ]);
    }
  });
});

test('attack 38: text that is no proper Unicode or no proper number is answered like any other', async () => {
  const ask = (body: string) => call('/v1/chat/completions', { method: 'POST', headers: json, body });
  const message = (content: string, more = '') => `{"model":"talk","messages":[{"role":"user","content":"${content}"}]${more}}`;
  expect((await ask(message('\\ud800'))).status).toBe(200);
  expect((await ask(message('\\u0000'))).status).toBeLessThan(500);
  expect((await ask(message('x', ',"max_tokens":1e400'))).status).toBe(400);
  expect((await ask(message('x', ',"model":"nobody"'))).status).toBe(404);
  expect((await ask(`\ufeff${message('x')}`)).status).toBeOneOf([200, 400]);
});

describe('attack 40: numbers at their edges', () => {
  const odd = [-1, 0, 0.5, 2 ** 31, 2 ** 53 + 1, 1e300, -1e300, '1e9', '0x10', true, null, [], {}];

  test('in any field of any native route are refused or taken, and no error of ours', async () => {
    const isNumber = ({ type }: Schema) => type === 'integer' || type === 'number';
    let tried = 0;
    for (const { method, path, body = {}, queryFields } of routes) {
      for (const part of findParts(body, isNumber))
        for (const value of odd) {
          const choose = (schema: Schema, at: string) => onlyHere(schema, at) ?? (at === part ? value : undefined);
          const sent = JSON.stringify(sampleOf(body, (schema, at) => (at === part && value === null ? null : choose(schema, at))));
          const answer = await call(fill(path, 'x'), { method, headers: { ...asOwner(), ...json }, body: sent });
          expect(answer.status, `${method} ${path} ${part} ${String(value)}: ${answer.text}`).toBeLessThan(500);
          tried++;
        }
      for (const name of Object.keys(queryFields))
        for (const value of ['-1', '0', '1.5', '9007199254740993', '1e9', 'NaN', 'Infinity', '']) {
          const answer = await call(`${fill(path, 'x')}?${name}=${value}`, { method, headers: asOwner() });
          expect(answer.status, `${method} ${path} ${name}=${value}: ${answer.text}`).toBeLessThan(500);
          tried++;
        }
    }
    expect(tried).toBeGreaterThan(50);
  });

  test('in what a model is asked are refused or taken, and the model answers the next one', async () => {
    const messages = [{ role: 'user', content: 'x' }];
    const names = ['max_tokens', 'max_completion_tokens', 'n', 'temperature', 'top_p', 'seed', 'top_logprobs', 'presence_penalty', 'top_k'];
    for (const name of names)
      for (const value of odd) {
        const body = JSON.stringify({ model: 'talk', messages, [name]: value });
        const answer = await call('/v1/chat/completions', { method: 'POST', headers: json, body });
        expect(answer.status, `${name} ${String(value)}: ${answer.text}`).toBeOneOf([200, 400]);
      }
    for (const name of ['num_predict', 'num_ctx', 'num_keep', 'temperature', 'top_k', 'seed', 'repeat_last_n'])
      for (const value of odd) {
        const body = JSON.stringify({ model: 'talk', messages, stream: false, options: { [name]: value } });
        const answer = await call('/api/chat', { method: 'POST', headers: json, body });
        expect(answer.status, `${name} ${String(value)}: ${answer.text}`).toBeOneOf([200, 400]);
      }
    for (const value of odd) {
      const body = JSON.stringify({ model: 'talk', messages, stream: false, keep_alive: value });
      expect((await call('/api/chat', { method: 'POST', headers: json, body })).status).toBeOneOf([200, 400]);
    }
    const last = await call('/v1/chat/completions', { method: 'POST', headers: json, body: JSON.stringify({ model: 'talk', messages }) });
    expect(last.status).toBe(200);
  });
});

test('attack 47: what strangers ask for does not grow the metrics, and stands in none of them', async () => {
  const measure = async () => (await call('/metrics', { headers: asOwner() })).text.split('\n');
  await call('/api/v1/nothing-planted');
  const before = await measure();
  for (let round = 0; round < 200; round++) {
    await call(`/planted-${round}?planted=${round}`);
    await call(`/api/v1/models/planted-${round}`, { headers: asOwner() });
    const body = JSON.stringify({ model: `planted-${round}`, messages: [{ role: 'user', content: 'x' }] });
    await call('/v1/chat/completions', { method: 'POST', headers: json, body });
  }
  const after = await measure();
  expect(after.length).toBeLessThan(before.length + 60);
  expect(after.join('\n')).not.toContain('planted');
});

test('attack 51: what was asked and answered stands in no log, error, metric or record, at the most talkative level', async () => {
  const secret = 'planted-7f3a-quokka';
  const other = 'planted-9c1d-numbat';
  const messages = [{ role: 'user', content: secret }];
  const key = `sk-${secret}`;
  const answers: string[] = [];
  const send = async (path: string, body: object | string, headers: OutgoingHttpHeaders = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await call(path, { method: 'POST', headers: { ...json, ...headers }, body: text });
    if (answer.status >= 400) answers.push(answer.text);
  };
  for (const model of ['talk', 'nobody']) {
    for (const stream of [true, false]) {
      await send('/v1/chat/completions', { model, messages, stream, stop: [other] }, { authorization: `Bearer ${key}` });
      await send('/api/chat', { model, messages, stream });
      await send('/api/generate', { model, prompt: secret, system: other, stream });
    }
    await send('/api/v1/generate', { model, prompt: secret, system: other });
    await send('/v1/embeddings', { model, input: secret });
    await send('/v1/chat/completions', { model, messages, temperature: 'hot', max_tokens: -5 });
    await send('/v1/chat/completions', { model, messages: [{ role: 'wizard', content: secret }] });
  }
  await send('/v1/chat/completions', `{"model":"talk","messages":[{"content":"${secret}"`);
  await send('/v1/chat/completions', { model: 'crash', messages, stream: true }).catch(() => {}); // it crashes at each attempt
  await send('/api/v1/chats', { title: 'x', model: 'talk', unknown: secret });
  await call(`/api/v1/chats?search=${secret}`, { headers: asOwner() });

  const planted = /planted-(?:7f3a|9c1d)/;
  expect(answers.filter((text) => planted.test(text))).toEqual([]);
  for (const path of ['/metrics', '/api/v1/cluster/status', '/api/v1/cluster/load', '/api/v1/audit', '/api/v1/nodes', '/api/v1/models'])
    expect((await call(path, { headers: asOwner() })).text, path).not.toMatch(planted);
  expect(cluster.output()).not.toMatch(planted);
  const files = (await readdir(cluster.dataFolder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const logs = files.filter(({ parentPath }) => parentPath.endsWith('logs'));
  expect(logs.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files) expect(planted.test(await readFile(join(parentPath, name), 'latin1')), name).toBe(false);
  const { up, controlPlane, agent, engines } = await cluster.pids();
  for (const pid of [up, controlPlane, agent, ...engines])
    expect(await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).not.toMatch(planted);
});
