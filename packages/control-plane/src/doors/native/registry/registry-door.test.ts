import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Permission } from '@cluster-ai/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formLimits } from './read-multipart.ts';
import { openRegistryDoor, type RegistryDoorPlace } from './testing/open-registry-door.ts';

let door: RegistryDoorPlace;
beforeAll(async () => {
  door = await openRegistryDoor({
    ana: { models: ['lab/*'], permissions: new Set<Permission>(['models:read', 'models:write', 'inference:use']) },
    eve: { models: ['shop/*'] },
  });
});
afterAll(() => door[Symbol.asyncDispose]());

const digestOf = (bytes: string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const publish = (name: string, bytes: string, more: readonly (readonly [string, string])[] = [], as = 'keeper') =>
  door.call('POST', '/models', { as, ...door.toForm([['file', bytes, 'model.pth'], ['name', name], ...more]) });
const encoded = (name: string) => encodeURIComponent(name);

describe('the family of /models', () => {
  test('what curl -F sends is a version, whatever the order of its parts', async () => {
    const { status, json } = await door.call(
      'POST',
      '/models',
      door.toForm([
        ['file', 'weights of pytorch', 'C:\\fakepath\\model.pth'],
        ['file', '{}', 'config.json'],
        ['name', 'lab/my_model'],
        ['framework', 'pytorch'],
        ['version', '1.0.0'],
        ['description', 'Looks at pictures.'],
        ['metadata', '{"accuracy":0.91,"dataset":"imagenet"}'],
        ['task', 'Image-Classification'],
        ['languages', 'pt, en'],
        ['aliases', 'stable'],
        ['tags', 'stage=test'],
      ]),
    );
    expect([status, json]).toMatchObject([
      201,
      {
        version: 1,
        semver: '1.0.0',
        framework: 'pytorch',
        files: [{ path: 'config.json' }, { path: 'model.pth', digest: digestOf('weights of pytorch'), sizeBytes: 18 }],
        metadata: { task: 'image-classification', languages: ['pt', 'en'], metrics: { accuracy: 0.91, dataset: 'imagenet' } },
        aliases: ['latest', 'stable'],
        tags: { stage: 'test' },
      },
    ]);
    const shown = await door.call('GET', `/models/${encoded('lab/my_model')}`);
    expect(shown.json).toMatchObject({
      name: 'lab/my_model',
      description: 'Looks at pictures.',
      task: 'image-classification',
      latest: json,
    });
    const found = await door.call('GET', '/models?search=my_mo&framework=pytorch&facets=true');
    expect(found.json).toMatchObject({ models: [{ name: 'lab/my_model' }], next: null, facets: { language: expect.any(Array) } });
  });

  test('versions, aliases, history, rollback, diff, tags, copy and rename', async () => {
    const name = encoded('lab/story');
    await publish('lab/story', 'one', [['version', '1.0.0']]);
    await publish('lab/story', 'two', [['version', '1.1.0']]);
    const { json: page } = await door.call('GET', `/models/${name}/versions?limit=1`);
    expect(page.versions.map(({ semver }: { semver: string }) => semver)).toEqual(['1.1.0']);
    const { json: second } = await door.call('GET', `/models/${name}/versions?limit=1&cursor=${page.next}`);
    expect([second.versions[0].semver, second.next]).toEqual(['1.0.0', null]);
    expect((await door.call('PUT', `/models/${name}/aliases/prod`, { body: { version: 1 } })).json).toMatchObject({
      version: 1,
      isProtected: false,
    });
    expect((await door.call('PUT', `/models/${name}/aliases/prod`, { body: { version: '1.1.0' } })).json).toMatchObject({ version: 2 });
    expect((await door.call('POST', `/models/${name}/aliases/prod/rollback`)).json).toMatchObject({ version: 1 });
    expect((await door.call('GET', `/models/${name}/aliases/prod/history`)).json.moves.map(({ to }: { to: number }) => to)).toEqual([
      1, 2, 1,
    ]);
    expect((await door.call('GET', `/models/${name}/diff?from=prod`)).json).toMatchObject({
      from: 1,
      to: 2,
      files: { changed: [{ path: 'model.pth' }] },
    });
    expect((await door.call('PATCH', `/models/${name}/versions/prod`, { body: { tags: { a: 'b' } } })).json).toMatchObject({
      tags: { a: 'b' },
    });
    expect((await door.call('DELETE', `/models/${name}/versions/1`)).json).toMatchObject({
      code: 'in_use',
      hint: expect.stringContaining('Move'),
    });
    expect((await door.call('DELETE', `/models/${name}/aliases/prod`)).status).toBe(204);
    expect((await door.call('POST', `/models/${name}/copy`, { body: { to: 'lab/copy' } })).json).toMatchObject({
      name: 'lab/copy',
      versionCount: 2,
    });
    expect((await door.call('DELETE', `/models/${name}/versions/1`)).status).toBe(204);
    expect((await door.call('POST', `/models/${name}/rename`, { body: { to: 'lab/tale' } })).json).toMatchObject({ name: 'lab/tale' });
    expect((await door.call('GET', `/models/${name}`)).status).toBe(404);
    expect((await door.call('PATCH', '/models/lab%2Ftale', { body: { description: 'Told.' } })).json).toMatchObject({
      description: 'Told.',
    });
    expect((await door.call('DELETE', '/models/lab%2Ftale')).status).toBe(204);
    expect((await door.call('GET', '/models/lab%2Fcopy/versions/1.0.0/files')).json.files).toHaveLength(1);
  });

  test('an upload goes on where it broke off, in as many requests as it takes, and is published after it', async () => {
    const { headers, json: begun } = await door.call('POST', '/uploads', { body: { sizeBytes: 10 } });
    const place = String(headers['location']);
    expect(place).toBe(`/uploads/${begun.id}`);
    const append = (offset: number, body: string, more = {}) =>
      door.call('PATCH', place, {
        headers: { 'content-type': 'application/octet-stream', 'upload-offset': String(offset), ...more },
        body: Buffer.from(body),
      });
    expect((await append(0, 'hello')).json).toMatchObject({ offset: 5 });
    expect((await append(0, 'again')).json).toMatchObject({ code: 'range_not_satisfiable' });
    expect((await door.call('GET', place)).headers['upload-offset']).toBe('5');
    const ranged = { headers: { 'content-type': 'application/octet-stream', 'content-range': 'bytes 5-9/10' }, body: Buffer.from('world') };
    expect((await door.call('PATCH', place, ranged)).json).toMatchObject({ offset: 10 });
    expect((await door.call('GET', place, { as: 'ana' })).json).toMatchObject({ code: 'upload_not_found' });
    const { json: blob } = await door.call('PUT', place, { body: { digest: digestOf('helloworld') } });
    expect(blob).toEqual({ digest: digestOf('helloworld'), sizeBytes: 10 });
    const files = [{ path: 'weights/model.bin', digest: blob.digest }];
    expect((await door.call('POST', '/models', { body: { name: 'lab/uploaded', files } })).status).toBe(201);
    expect(
      (await door.call('PATCH', '/uploads/none', { headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from('x') })).json,
    ).toMatchObject({
      code: 'invalid_request',
      param: 'Upload-Offset',
    });
  });

  test('what no version needs any more goes after a day, or at once for whoever wants the room; what is about to be published stays', async () => {
    await publish('lab/gone', 'bytes that only it has');
    const { json: begun } = await door.call('POST', '/uploads', { body: { sizeBytes: 4 } });
    const bytes = { headers: { 'content-type': 'application/octet-stream', 'upload-offset': '0' }, body: Buffer.from('soon') };
    await door.call('PATCH', `/uploads/${begun.id}`, bytes);
    const { json: soon } = await door.call('PUT', `/uploads/${begun.id}`, { body: {} });
    await door.call('DELETE', '/models/lab%2Fgone');
    expect((await door.call('POST', '/garbage/collect', { body: {} })).json).toMatchObject({ blobs: 0, bytes: 0 });
    expect((await door.call('POST', '/garbage/collect', { body: { now: true } })).json).toMatchObject({ bytes: 22 });
    const files = [{ path: 'soon.bin', digest: soon.digest }];
    expect((await door.call('POST', '/models', { body: { name: 'lab/soon', files } })).status).toBe(201);
  });

  test('a download may begin anywhere, and says when its bytes are known already', async () => {
    await publish('lab/bytes', '0123456789');
    const get = (headers = {}, method = 'GET') => door.call(method, '/models/lab%2Fbytes/versions/latest/files/model.pth', { headers });
    const whole = await get();
    expect([whole.status, whole.text, whole.headers['content-length']]).toEqual([200, '0123456789', '10']);
    expect(whole.headers['content-disposition']).toContain('model.pth');
    const part = await get({ range: 'bytes=7-' });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, '789', 'bytes 7-9/10']);
    expect((await get({ range: 'bytes=-2' })).text).toBe('89');
    expect((await get({ range: 'bytes=2-4' })).text).toBe('234');
    expect((await get({ range: 'bytes=0-1,3-4' })).status).toBe(200);
    expect((await get({ range: 'bytes=10-' })).status).toBe(416);
    expect((await get({ range: 'bytes=7-', 'if-range': '"sha256:other"' })).text).toBe('0123456789');
    expect((await get({ 'if-none-match': String(whole.headers['etag']) })).status).toBe(304);
    const head = await get({}, 'HEAD');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '10']);
  });

  test('loading says where the model is; without waiting at once', async () => {
    await publish('lab/loaded', 'x', [['version', '2.0.0']]);
    expect((await door.call('POST', '/models/lab%2Floaded/load', { body: {} })).json).toMatchObject({
      name: 'lab/loaded',
      version: 1,
      condition: { state: 'ready' },
      replicas: [],
    });
    expect((await door.call('POST', '/models/lab%2Floaded/load', { body: { version: '2.0.0', wait: false } })).status).toBe(200);
    expect(door.gateway.loads.map(({ model }) => model)).toEqual(['lab/loaded', 'lab/loaded:2.0.0']);
  });
});

describe('attacks', () => {
  const traversals = [
    '..',
    '../x',
    '..\\x',
    '%2e%2e',
    '%252e%252e',
    '/etc/passwd',
    'C:\\x',
    '\\\\host\\share',
    'a\0b',
    '．．/x',
    'a/../../b',
    'file:///etc/passwd',
    'a//b',
  ];

  test('attack 1: every part of an address and every name refuses to lead elsewhere, and nothing is read', async () => {
    await publish('lab/target', 'secret');
    for (const text of traversals) {
      const part = encodeURIComponent(text);
      const paths = [
        `/models/${part}`,
        `/models/${part}/versions`,
        `/models/lab%2Ftarget/versions/${part}`,
        `/models/lab%2Ftarget/versions/latest/files/${part}`,
        `/models/lab%2Ftarget/aliases/${part}/history`,
        `/uploads/${part}`,
      ];
      for (const path of paths) {
        const { status, text: body } = await door.call('GET', path);
        expect([path, status >= 400 && status < 500 && !body.includes('root:')], path).toEqual([path, true]);
      }
      for (const body of [{ to: text }, { to: `lab/${text}` }])
        for (const act of ['rename', 'copy'])
          expect((await door.call('POST', `/models/lab%2Ftarget/${act}`, { body })).status, `${act} ${text}`).toBe(400);
      expect((await publish(text, 'x')).status, text).toBe(400);
      expect((await door.call('PUT', `/models/lab%2Ftarget/aliases/${part}`, { body: { version: 1 } })).status, text).toBe(400);
    }
    for (const path of [...traversals, 'x'.repeat(1200)]) {
      const body = { name: 'lab/evil', files: [{ path, digest: digestOf('secret') }] };
      expect((await door.call('POST', '/models', { body })).status, path).toBe(400);
    }
    for (const digest of ['sha256:../../etc/passwd', '../x', `sha256:${'A'.repeat(64)}`, 'sha512:00'])
      expect((await door.call('POST', '/models', { body: { name: 'lab/evil', files: [{ path: 'a', digest }] } })).status, digest).toBe(404);
    expect((await door.call('GET', '/models/lab%2Fevil')).status).toBe(404);
  });

  test('attack 7: what one may not use is as if it were not there: in every route, and as bytes', async () => {
    await publish('lab/private', 'private bytes');
    const paths: readonly (readonly [string, string, object?])[] = [
      ['GET', '/models/NAME'],
      ['PATCH', '/models/NAME', { description: 'x' }],
      ['DELETE', '/models/NAME'],
      ['POST', '/models/NAME/rename', { to: 'shop/x' }],
      ['POST', '/models/NAME/copy', { to: 'shop/x' }],
      ['GET', '/models/NAME/versions'],
      ['GET', '/models/NAME/versions/1'],
      ['PATCH', '/models/NAME/versions/1', { tags: {} }],
      ['DELETE', '/models/NAME/versions/1'],
      ['GET', '/models/NAME/diff?from=1'],
      ['GET', '/models/NAME/versions/1/files'],
      ['GET', '/models/NAME/versions/1/files/model.pth'],
      ['GET', '/models/NAME/aliases'],
      ['PUT', '/models/NAME/aliases/a', { version: 1 }],
      ['DELETE', '/models/NAME/aliases/latest'],
      ['GET', '/models/NAME/aliases/latest/history'],
      ['POST', '/models/NAME/aliases/latest/rollback'],
      ['POST', '/models/NAME/load', {}],
    ];
    const strip = ({ status, json }: { status: number; json: Record<string, unknown> }, name: string) =>
      JSON.stringify([status, { ...json, requestId: '' }])
        .replaceAll(encoded(name), 'NAME')
        .replaceAll(name, 'NAME');
    for (const [method, path, body] of paths) {
      const ask = async (name: string) =>
        strip(await door.call(method, path.replace('NAME', encoded(name)), { as: 'eve', ...(body && { body }) }), name);
      const hidden = await ask('lab/private');
      expect(hidden, `${method} ${path}`).toContain('model_not_found');
      expect(hidden).toBe(await ask('lab/nothing'));
    }
    const take = async (digest: string) => {
      const { status, json } = await door.call('POST', '/models', {
        as: 'eve',
        body: { name: 'shop/stolen', files: [{ path: 'a', digest }] },
      });
      return [status, json.code, json.detail.replace(digest, '')];
    };
    expect(await take(digestOf('private bytes'))).toEqual(await take(digestOf('never seen')));
    expect((await take(digestOf('private bytes')))[0]).toBe(404);
    expect((await door.call('GET', '/models', { as: 'eve' })).json.models).toEqual([]);
    expect((await publish('lab/foreign', 'x', [], 'eve')).json).toMatchObject({ code: 'model_not_found' });
  });

  test('attack 13: forms that flood, lie or break off are refused, and leave no upload behind', async () => {
    const fields = Array.from({ length: formLimits.fields + 5 }, (_, i) => [`field${i}`, 'x'] as const);
    expect((await door.call('POST', '/models', door.toForm([['file', 'x', 'a.bin'], ...fields]))).json).toMatchObject({
      code: 'payload_too_large',
    });
    const files = Array.from({ length: formLimits.files + 5 }, (_, i) => ['file', 'x', `a${i}.bin`] as const);
    expect((await door.call('POST', '/models', door.toForm(files))).json).toMatchObject({ code: 'payload_too_large' });
    const long = door.toForm([
      ['file', 'x', 'a.bin'],
      ['name', 'lab/long'],
      ['description', 'x'.repeat(formLimits.fieldSize + 1)],
    ]);
    expect((await door.call('POST', '/models', long)).json).toMatchObject({ code: 'payload_too_large' });
    const twice = door.toForm([
      ['file', 'x', 'a.bin'],
      ['name', 'lab/one'],
      ['name', 'lab/two'],
    ]);
    expect((await door.call('POST', '/models', twice)).json).toMatchObject({ code: 'invalid_request', param: 'name' });
    const unknown = door.toForm([
      ['file', 'x', 'a.bin'],
      ['name', 'lab/one'],
      ['constructor', 'x'],
    ]);
    expect((await door.call('POST', '/models', unknown)).json).toMatchObject({ code: 'invalid_request', param: 'constructor' });
    for (const metadata of ['{"__proto__":{"x":1}}', '[1]', '{', `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`])
      expect((await publish('lab/one', 'x', [['metadata', metadata]])).status, metadata.slice(0, 20)).toBe(400);
    const whole = door.toForm([
      ['file', 'x'.repeat(1000), 'a.bin'],
      ['name', 'lab/cut'],
    ]);
    expect((await door.call('POST', '/models', { headers: whole.headers, body: whole.body.slice(0, 500) })).json).toMatchObject({
      code: 'invalid_request',
    });
    expect((await door.call('POST', '/models', { headers: { 'content-type': 'multipart/form-data' }, body: 'x' })).json).toMatchObject({
      code: 'invalid_request',
    });
    await new Promise<void>((resolve) => {
      const socket = connect(door.port, '127.0.0.1', () => {
        socket.write(
          `POST /models HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${whole.headers['content-type']}\r\ncontent-length: 100000\r\n\r\n${whole.body.slice(0, 400)}`,
        );
        setTimeout(() => socket.destroy(), 100);
      });
      socket.on('close', () => resolve());
    });
    await expect.poll(() => door.begunUploads()).toEqual([]);
    for (const name of ['lab/one', 'lab/cut', 'lab/long'])
      expect((await door.call('GET', `/models/${encoded(name)}`)).status, name).toBe(404);
  });

  test('a body of another kind than a route takes is refused, and never guessed', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'text/json',
    ];
    for (const type of types) {
      const send = (method: string, path: string) =>
        door.call(method, path, { headers: { 'content-type': type, 'upload-offset': '0' }, body: '{}' });
      expect((await send('PATCH', '/models/lab%2Fany')).status, type).toBe(415);
      if (!type.startsWith('multipart')) expect((await send('POST', '/models')).status, type).toBe(415);
      if (type !== 'application/octet-stream') expect((await send('PATCH', '/uploads/x')).status, type).toBe(415);
    }
    expect((await door.call('PATCH', '/uploads/x', { body: {} })).status).toBe(415);
    expect((await door.call('POST', '/models')).json).toMatchObject({ code: 'invalid_request' });
  });

  test('attack 15: markup stays text, and line breaks never reach a header, a name or a tag', async () => {
    const markup = '<img src=x onerror=alert(1)>';
    await publish('lab/markup', 'x', [['description', markup]]);
    const shown = await door.call('GET', '/models/lab%2Fmarkup');
    expect(shown.headers['content-type']).toContain('application/json');
    expect(shown.headers['x-content-type-options']).toBe('nosniff');
    expect(shown.json.description).toBe(markup);
    for (const name of ['a\r\nset-cookie: x', markup, 'a\u2028b', '=cmd()']) expect((await publish(name, 'x')).status, name).toBe(400);
    for (const [field, value] of [
      ['task', 'a\r\nb'],
      ['licence', 'a\u2028b'],
      ['tags', 'k=a\u0007b'],
      ['description', 'a\u001b[2Jb'],
    ] as const)
      expect((await publish('lab/markup', 'y', [[field, value]])).status, field).toBe(400);
    const files = [{ path: 'a"; filename=evil\r\nx: y', digest: digestOf('x') }];
    expect((await door.call('POST', '/models', { body: { name: 'lab/markup', files } })).status).toBe(400);
    const odd = [{ path: "gewicht's (größe); ü.bin", digest: digestOf('x') }];
    expect((await door.call('POST', '/models', { body: { name: 'lab/odd', files: odd } })).status).toBe(201);
    const sent = await door.call('GET', `/models/lab%2Fodd/versions/1/files/${encoded(odd[0]?.path ?? '')}`);
    expect(String(sent.headers['content-disposition'])).toMatch(/^attachment; .*filename\*=UTF-8''[\w.%-]+$/);
  });

  test('without the right for it a protected alias stays, by every way to it', async () => {
    await publish('lab/kept', 'one');
    await publish('lab/kept', 'two');
    await door.database.transaction((transaction) =>
      transaction.updateTable('aliases').set({ is_protected: 1 }).where('alias_lower', '=', 'latest').execute(),
    );
    const ways: readonly (readonly [string, string, object?])[] = [
      ['PUT', '/models/lab%2Fkept/aliases/latest', { version: 1 }],
      ['PUT', '/models/lab%2Fkept/aliases/latest', { version: 2, isProtected: false }],
      ['POST', '/models/lab%2Fkept/aliases/latest/rollback'],
      ['DELETE', '/models/lab%2Fkept'],
    ];
    for (const [method, path, body] of ways)
      expect((await door.call(method, path, { as: 'ana', ...(body && { body }) })).json, `${method} ${path}`).toMatchObject({
        code: 'forbidden',
      });
    expect((await publish('lab/kept', 'three', [], 'ana')).json).toMatchObject({ code: 'forbidden' });
    expect((await door.call('GET', '/models/lab%2Fkept')).json).toMatchObject({ versionCount: 2, latest: { version: 2 } });
  });
});
