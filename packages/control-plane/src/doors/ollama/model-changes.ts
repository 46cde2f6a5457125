import type { Readable } from 'node:stream';
import { ClusterError, DEFAULT_ALIAS, isClusterError, isDigest, parseModelReference, toClusterError } from '@cluster-ai/contracts';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { describeAct } from '../../access/audit/act.ts';
import { toActor } from '../../access/audit/record-acts.ts';
import { callerOf } from '../../access/caller.ts';
import { checkModelGrant, mayUseModel } from '../../access/model-grants.ts';
import type { Catalog } from '../../registry/catalog/catalog.ts';
import type { Publisher } from '../../registry/catalog/publish-uploads.ts';
import type { createComposer } from '../../registry/imports/compose-model.ts';
import type { Imports } from '../../registry/imports/imports.ts';
import { parseOllamaName, toLocalName } from '../../registry/imports/sources/ollama-name.ts';
import type { BlobParts } from '../../registry/open-blob-parts.ts';
import type { ModelPresets } from '../../registry/presets/presets.ts';
import type { Calls } from '../shared/calls.ts';
import { checkShape } from '../shared/check-shape.ts';
import { createClientStream } from '../shared/client-stream.ts';
import type { DoorDeps } from '../shared/door-deps.ts';
import { parseJsonObject } from '../shared/json-body.ts';
import { copyShape, createShape, deleteShape, pullShape, pushShape } from './change-shapes.ts';
import { refuseInCreate, toComposition } from './create-model.ts';
import { toReference } from './names.ts';
import { toOllamaError } from './ollama-error.ts';
import { createFollowers, toProgressLines } from './operation-lines.ts';
import { removeTag } from './remove-tag.ts';

export interface ModelChangeDeps extends DoorDeps {
  readonly imports: Imports;
  readonly catalog: Pick<Catalog, 'aliases' | 'putAlias' | 'removeAlias' | 'removeVersion'>;
  readonly presets: ModelPresets;
  readonly blobParts: Pick<BlobParts, 'uploads'>;
  readonly publisher: Pick<Publisher, 'locate'>;
  readonly compose: ReturnType<typeof createComposer>;
}

const write = { config: { permission: 'models:write' } } as const;

const nameOf = ({ model, name }: { readonly model?: string | null | undefined; readonly name?: string | null | undefined }): string => {
  const asked = model || name || '';
  if (asked === '') throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
  return asked;
};

/** Ollama's ways to bring, make, copy and remove models, for the whole cluster. */
export function modelChanges(app: FastifyInstance, calls: Calls, deps: ModelChangeDeps): void {
  const { imports, registry, presets, blobParts, publisher, compose, clock } = deps;
  const follow = createFollowers(imports);

  /** Lines as they come, or the last one alone. What fails after the first line is a line of its own. */
  async function answer(reply: FastifyReply, isStream: boolean, lines: AsyncIterable<unknown>, signal: AbortSignal): Promise<unknown> {
    let last: unknown = {};
    if (!isStream) {
      for await (const line of lines) last = line;
      return last;
    }
    const stream = createClientStream(reply, 'application/x-ndjson', () => clock.monotonic(), signal);
    try {
      for await (const line of lines) {
        stream.open({});
        if (!stream.write(`${JSON.stringify(line)}\n`)) await stream.drained();
      }
    } catch (error) {
      if (!stream.isOpen || stream.isGone) throw error;
      stream.write(`${JSON.stringify(toOllamaError(toClusterError(error)))}\n`);
    }
    await stream.end();
    return reply;
  }

  /** A model that the caller may not use is one that is not there. */
  async function findGranted(request: FastifyRequest, reference: string) {
    const found = await registry.find(reference);
    return found && mayUseModel(callerOf(request), found.name) ? found : undefined;
  }

  function pull(request: FastifyRequest, asked: string, signal: AbortSignal) {
    const name = parseOllamaName(asked);
    const local = `${toLocalName(name)}:${name.tag}`;
    checkModelGrant(callerOf(request), toLocalName(name));
    const source = /^(hf\.co|huggingface\.co)$/.test(name.host ?? '') ? 'huggingface' : 'ollama';
    describeAct({ target: local });
    const started = imports.import({ reference: asked, source, name: local, inPlace: false, description: '' }, toActor(callerOf(request)));
    return started.then(({ operation, isNew }) => follow(operation.id, isNew, signal));
  }

  const route = (path: string, handle: (request: FastifyRequest, reply: FastifyReply, signal: AbortSignal) => Promise<unknown>) =>
    app.post(path, write, (request, reply) => calls.run(reply, (signal) => handle(request, reply, signal)));

  route('/pull', async (request, reply, signal) => {
    const given = checkShape(pullShape, parseJsonObject(request.body));
    const changes = await pull(request, nameOf(given), signal);
    return answer(reply, given.stream !== false, toProgressLines(changes), signal);
  });

  route('/push', async (request, reply, signal) => {
    const given = checkShape(pushShape, parseJsonObject(request.body));
    const asked = nameOf(given);
    describeAct({ target: asked });
    const model = toReference(asked);
    if ((await findGranted(request, model)) === undefined)
      throw new ClusterError('model_not_found', `model '${asked}' not found`, { param: 'model' });
    const { operation, isNew } = await imports.push({ model, reference: asked }, toActor(callerOf(request)));
    return answer(reply, given.stream !== false, toProgressLines(follow(operation.id, isNew, signal)), signal);
  });

  route('/create', async (request, reply, signal) => {
    const given = checkShape(createShape, parseJsonObject(request.body));
    const asked = nameOf(given);
    refuseInCreate(given);
    checkModelGrant(callerOf(request), toLocalName(parseOllamaName(asked)));
    describeAct({ target: asked });

    async function* lines() {
      const from = given.from ? toReference(given.from) : undefined;
      if (from !== undefined && (await registry.find(from)) === undefined)
        yield* toProgressLines(await pull(request, given.from ?? '', signal));
      const model = from === undefined ? undefined : await registry.resolve(from, callerOf(request));
      if (model !== undefined) checkModelGrant(callerOf(request), model.name);
      const before = model && (await presets.of(model.version));
      const [digest = ''] = Object.values(given.files ?? {});
      const base = model ?? { weights: await publisher.locate(digest, callerOf(request)) };
      const told: string[] = [];
      await compose({ ...toComposition(asked, given, base, before), actor: callerOf(request) }, (line) => told.push(line), signal);
      for (const status of told) yield { status };
      yield { status: 'success' };
    }
    return answer(reply, given.stream !== false, lines(), signal);
  });

  route('/copy', async (request, reply) => {
    const { source, destination } = checkShape(copyShape, parseJsonObject(request.body));
    const found = await findGranted(request, toReference(source));
    if (found === undefined) throw new ClusterError('model_not_found', `model '${source}' not found`, { param: 'source' });
    const target = parseOllamaName(destination);
    checkModelGrant(callerOf(request), toLocalName(target));
    describeAct({ target: destination, details: { source } });
    const { files, facts, source: origin } = found.version;
    const wanted = {
      name: toLocalName(target),
      aliases: [target.tag],
      keepsLatest: target.tag !== DEFAULT_ALIAS,
      files,
      staged: [],
      facts,
      source: origin,
    };
    await registry.publish(wanted, callerOf(request));
    return reply.code(200).send();
  });

  app.delete('/delete', write, async (request, reply) => {
    const asked = nameOf(checkShape(deleteShape, parseJsonObject(request.body)));
    const found = await findGranted(request, toReference(asked));
    if (found === undefined) throw new ClusterError('model_not_found', `model '${asked}' not found`, { param: 'model' });
    describeAct({ target: asked });
    await removeTag(deps, found, parseModelReference(toReference(asked)).alias, callerOf(request));
    return reply.code(200).send();
  });

  const digestOf = (request: FastifyRequest) => (request.params as { readonly digest: string }).digest;

  const has = (request: FastifyRequest) =>
    publisher.locate(digestOf(request), callerOf(request)).then(
      () => true,
      (error: unknown) => {
        if (isClusterError(error) && error.code === 'blob_not_found') return false;
        throw error;
      },
    );

  app.head('/blobs/:digest', write, async (request, reply) => reply.code((await has(request)) ? 200 : 404).send());

  async function upload(request: FastifyRequest, signal: AbortSignal): Promise<void> {
    const digest = digestOf(request);
    if (!isDigest(digest))
      throw new ClusterError('invalid_request', 'A digest is written sha256: and 64 hexadecimal digits.', { param: 'digest' });
    const body = request.body as Readable;
    if (await has(request)) return void body.resume();
    const owner = callerOf(request).ownerId;
    const length = request.headers['content-length'];
    const { uploads } = blobParts;
    const { id } = await uploads.start({ owner, digest, ...(length === undefined ? {} : { sizeBytes: Number(length) }) });
    try {
      await uploads.append(id, owner, 0, body, signal);
      await uploads.finish(id, owner, { digest });
    } catch (error) {
      await uploads.cancel(id, owner).catch(() => {}); // a wrong digest has ended it already
      throw error;
    }
  }

  const takesBlobs: FastifyPluginAsync = async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, body, done) => done(null, body)); // as they come: a model does not fit into memory
    scope.post('/blobs/:digest', { ...write, bodyLimit: Number.MAX_SAFE_INTEGER }, (request, reply) =>
      calls.run(reply, async (signal) => {
        await upload(request, signal);
        return reply.code(201).send();
      }),
    );
  };
  void app.register(takesBlobs);
}
