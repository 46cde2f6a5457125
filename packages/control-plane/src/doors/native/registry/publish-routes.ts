import { ClusterError, catalogVersionShape, publishVersionShape } from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';
import { describeAct, describeModel } from '../../../access/audit/act.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Uploads } from '../../../registry/uploads/uploads.ts';
import { checkShape } from '../../shared/check-shape.ts';
import { type NativeRoute, route } from '../route.ts';
import { toPublishFields } from './publish-fields.ts';
import { type IncomingFile, readMultipart } from './read-multipart.ts';
import { checkGrant, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

interface TakenFile {
  readonly path: string;
  readonly digest: string;
  readonly mediaType: string;
}

/** One file of a form, streamed through the upload engine. What does not arrive whole is given up. */
async function takeFile(uploads: Uploads, owner: string, { fileName, bytes }: IncomingFile, signal: AbortSignal): Promise<TakenFile> {
  const { id } = await uploads.start({ owner });
  try {
    await uploads.append(id, owner, 0, bytes, signal);
    const { digest } = await uploads.finish(id, owner, {});
    return { path: fileName, digest, mediaType: 'application/octet-stream' };
  } catch (error) {
    await uploads.cancel(id, owner).catch(() => {}); // it may have ended already
    throw error;
  }
}

const isForm = ({ headers }: FastifyRequest) => /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

/** A version out of files that come with the request, or that were uploaded before. */
export function publishRoutes({ blobParts: { uploads }, publisher }: RegistryDoorDependencies): readonly NativeRoute[] {
  async function readForm(request: FastifyRequest, signal: AbortSignal) {
    const files: TakenFile[] = [];
    const owner = callerOf(request).ownerId;
    const fields = await readMultipart(request.raw, async (file) => void files.push(await takeFile(uploads, owner, file, signal)));
    if (files.length === 0)
      throw new ClusterError('invalid_request', 'The form has no file.', { hint: 'Send one: curl -F file=@model.gguf', param: 'file' });
    return publishVersionShape.parse({ ...toPublishFields(fields), files });
  }

  return [
    route({
      method: 'POST',
      path: '/models',
      permission: 'models:write',
      tag,
      summary: 'Publish a version: a form with files, or JSON with the digests of finished uploads',
      takes: ['multipart/form-data', 'application/json'],
      answer: catalogVersionShape,
      status: 201,
      handle: async ({ request, signal }) => {
        const wanted = isForm(request) ? await readForm(request, signal) : checkShape(publishVersionShape, request.body as object);
        checkGrant(request, wanted.name);
        describeAct({ target: wanted.name, details: { digests: wanted.files.map(({ digest }) => digest).slice(0, 20) } });
        const version = await publisher.publish(wanted, callerOf(request), signal);
        describeModel(wanted.name, version.version);
        return version;
      },
    }),
  ];
}
