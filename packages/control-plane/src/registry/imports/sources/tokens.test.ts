import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeWeights } from '../testing/make-weights.ts';
import { type StandInRegistry, sendFile, sha256, startOllamaRegistry } from '../testing/ollama-registry.ts';
import { type ImportsPlace, openImportsPlace } from '../testing/open-imports-place.ts';
import { type StandIn, startStandIn } from '../testing/stand-in.ts';

const weights = makeWeights();
let upstream: StandInRegistry;
/** Another host, which must see nothing that is meant for the first. */
let other: StandIn;
let answerOfOther: (
  request: Parameters<Parameters<typeof startStandIn>[0]>[0],
  response: Parameters<Parameters<typeof startStandIn>[0]>[1],
) => void;
const places: ImportsPlace[] = [];

beforeEach(async () => {
  upstream = await startOllamaRegistry();
  other = await startStandIn((request, response) => answerOfOther(request, response));
  answerOfOther = (request, response) => sendFile(request, response, weights);
});
afterEach(async () => {
  for (const place of places.splice(0)) await place[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function open(hosts: readonly string[] = [upstream.host, other.host]): Promise<ImportsPlace> {
  const place = await openImportsPlace({
    hosts,
    imports: { secrets: { [upstream.host]: 'login' } },
    secrets: { login: 'ana:tinta-goiaba' },
  });
  places.push(place);
  return place;
}

/** The registry wants a token, which it or somebody else gives out. */
function wantToken(realm: string, token = 'good-token') {
  upstream.publish('lab/tiny:1', { model: weights });
  upstream.intercept = (request, response) => {
    if (request.url?.startsWith('/token') === true) {
      response.end(JSON.stringify({ token }));
      return true;
    }
    if (request.headers.authorization === 'Bearer good-token') return false;
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="here",scope="repository:lab/secret:pull"` }).end();
    return true;
  };
}

const seenElsewhere = () => JSON.stringify(other.requests);

test.each(['', 'oci://'])('a token of the registry itself is fetched with our login, for what we want and no more (%s)', async (scheme) => {
  wantToken(`${upstream.url}/token`);
  const place = await open();
  expect(await place.bring({ reference: `${scheme}${upstream.host}/lab/tiny:1` })).toMatchObject({ state: 'done' });
  const asked = upstream.requests.find(({ path }) => path === '/token');
  expect(asked?.authorization).toBe(`Basic ${Buffer.from('ana:tinta-goiaba').toString('base64')}`);
});

test('a token that runs out is fetched again', async () => {
  wantToken(`${upstream.url}/token`);
  const usual = upstream.intercept;
  let refusals = 0;
  upstream.intercept = (request, response) => {
    if (request.url?.includes('/blobs/') !== true || request.headers.authorization === undefined || refusals > 0)
      return usual?.(request, response) ?? false;
    refusals++;
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${upstream.url}/token"` }).end();
    return true;
  };
  const place = await open();
  expect(await place.bring({ reference: `${upstream.host}/lab/tiny:1` })).toMatchObject({ state: 'done' });
  expect(upstream.requests.filter(({ path }) => path === '/token')).toHaveLength(2);
});

describe('attack 8: tokens that would go to another host', () => {
  test('Ollama’s registries give out their own tokens, and no other host is asked', async () => {
    wantToken(`${other.url}/token`);
    const place = await open();
    expect(await place.bring({ reference: `${upstream.host}/lab/tiny:1` })).toMatchObject({
      state: 'failed',
      reason: { code: 'source_refused' },
    });
    expect(other.requests).toEqual([]);
  });

  test('another host may give out tokens of an OCI registry, and sees no login of ours', async () => {
    wantToken(`${other.url}/token`);
    answerOfOther = (_request, response) => void response.end(JSON.stringify({ access_token: 'good-token' }));
    const place = await open();
    expect(await place.bring({ reference: `oci://${upstream.host}/lab/tiny:1` })).toMatchObject({ state: 'done' });
    expect(other.requests).toHaveLength(1);
    expect(seenElsewhere()).not.toMatch(/authorization|goiaba/i);
  });

  test('a redirect to another host carries no token, and the bytes are checked all the same', async () => {
    wantToken(`${upstream.url}/token`);
    const usual = upstream.intercept;
    upstream.intercept = async (request, response) => {
      if ((await usual?.(request, response)) === true) return true;
      if (request.url?.endsWith(sha256(weights)) !== true) return false;
      response.writeHead(307, { location: `${other.url}/storage?signature=x` }).end();
      return true;
    };
    const place = await open();
    expect(await place.bring({ reference: `${upstream.host}/lab/tiny:1` })).toMatchObject({ state: 'done' });
    expect(other.requests.length).toBeGreaterThan(0);
    expect(seenElsewhere()).not.toMatch(/authorization|good-token/i);
  });

  test.each(['', 'oci://'])('another host that asks for a token while it holds the bytes gets none (%s)', async (scheme) => {
    wantToken(`${upstream.url}/token`);
    const usual = upstream.intercept;
    upstream.intercept = async (request, response) => {
      if ((await usual?.(request, response)) === true) return true;
      if (request.url?.endsWith(sha256(weights)) !== true) return false;
      response.writeHead(307, { location: `${other.url}/storage` }).end();
      return true;
    };
    answerOfOther = (_request, response) => void response.writeHead(401, { 'www-authenticate': `Bearer realm="${other.url}/token"` }).end();
    const place = await open();
    expect(await place.bring({ reference: `${scheme}${upstream.host}/lab/tiny:1` })).toMatchObject({ state: 'failed' });
    expect(new Set(other.requests.map(({ path }) => path))).toEqual(new Set(['/storage'])); // nor is it asked for one
    expect(seenElsewhere()).not.toMatch(/authorization|good-token/i);
  });

  test('an upload that is sent to another host is refused', async () => {
    upstream.publish('lab/tiny:1', { model: weights });
    const place = await open();
    await place.bring({ reference: `${upstream.host}/lab/tiny:1`, name: 'mine' });
    upstream.blobs.clear();
    upstream.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(202, { location: `${other.url}/upload` }).end();
      return true;
    };
    const pushed = await place.imports.push(
      { model: 'mine', reference: `${upstream.host}/lab/mine:1` },
      { kind: 'host', id: 'host', name: 'a test', role: 'admin' },
    );
    expect(await place.end(pushed.operation.id)).toMatchObject({ state: 'failed', reason: { code: 'source_refused' } });
    expect(other.requests).toEqual([]);
  });
});

describe('attack 4: addresses that nobody should call for others', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/x.gguf',
    'https://10.0.0.1/x.gguf',
    'http://[::1]:9/x.gguf',
    'oci://192.168.0.1/lab/tiny:1',
    '127.0.0.1:9/lab/tiny:1',
    'http://127.0.0.1:9/lab/tiny:1',
  ])('%s is refused before anything is sent', async (reference) => {
    const place = await open();
    expect(await place.bring({ reference, name: 'inner' })).toMatchObject({ state: 'failed', reason: { code: 'address_refused' } });
  });

  test('each redirect is checked: to an inner address, to another scheme, in circles', async () => {
    const place = await open([upstream.host]);
    for (const location of [`${other.url}/x.gguf`, 'http://169.254.169.254/x.gguf', 'file:///etc/passwd', 'ftp://example/x']) {
      upstream.intercept = (_request, response) => {
        response.writeHead(302, { location }).end();
        return true;
      };
      expect(await place.bring({ reference: `${upstream.url}/x.gguf`, name: 'sent-on' })).toMatchObject({
        state: 'failed',
        reason: { code: 'address_refused' },
      });
    }
    upstream.intercept = (_request, response) => {
      response.writeHead(302, { location: `${upstream.url}/x.gguf` }).end();
      return true;
    };
    expect(await place.bring({ reference: `${upstream.url}/x.gguf`, name: 'circles' })).toMatchObject({
      state: 'failed',
      reason: { code: 'remote_failed' },
    });
    expect(other.requests).toEqual([]);
  });

  test('what was allowed for one part is not allowed for the next by itself', async () => {
    const large = Buffer.concat([weights, Buffer.alloc(20_000_000)]);
    let asked = 0;
    upstream.intercept = (request, response) => {
      if (asked++ === 0) sendFile(request, response, large, { etag: '"one"' });
      else response.writeHead(307, { location: `${other.url}/x.gguf` }).end();
      return true;
    };
    const place = await open([upstream.host]);
    expect(await place.bring({ reference: `${upstream.url}/x.gguf`, name: 'moved' })).toMatchObject({
      state: 'failed',
      reason: { code: 'address_refused' },
    });
    expect(other.requests).toEqual([]);
  });
});
