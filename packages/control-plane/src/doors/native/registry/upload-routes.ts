import { ClusterError, finishUploadShape, startUploadShape, storedBlobShape, uploadStatusShape } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../../../access/caller.ts';
import type { UploadStatus } from '../../../registry/uploads/uploads.ts';
import { type NativeRoute, route } from '../route.ts';
import { byUpload, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

/** Whose upload it is: a person's keys and sessions are one. */
const ownerOf = (request: FastifyRequest) => callerOf(request).ownerId;

function tell(reply: FastifyReply, { expiresAt, ...status }: UploadStatus) {
  void reply.header('upload-offset', String(status.offset));
  return { ...status, expiresAt: new Date(expiresAt).toISOString() };
}

/** `Upload-Offset: 1000`, or `Content-Range: bytes 1000-1999/5000`. Throws `invalid_request`. */
function readOffset({ headers }: FastifyRequest): number {
  const text =
    /^\d{1,15}$/.exec(String(headers['upload-offset'] ?? ''))?.[0] ??
    /^(?:bytes )?(\d{1,15})-\d{1,15}(?:\/(?:\d{1,15}|\*))?$/.exec(headers['content-range'] ?? '')?.[1];
  if (text !== undefined) return Number(text);
  throw new ClusterError('invalid_request', 'The request does not say where its bytes begin.', {
    hint: 'Send the header Upload-Offset with the offset that GET on this address tells.',
    param: 'Upload-Offset',
  });
}

/** Large files, in as many requests as it takes: start, append from where it broke off, finish; then publish what came of it. */
export function uploadRoutes({ blobParts: { uploads } }: RegistryDoorDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'POST',
      path: '/uploads',
      permission: 'models:write',
      tag,
      summary: 'Begin an upload',
      body: startUploadShape,
      answer: uploadStatusShape,
      status: 201,
      handle: async ({ body, request, reply }) => {
        const status = await uploads.start({
          owner: ownerOf(request),
          ...(body.sizeBytes === undefined ? {} : { sizeBytes: body.sizeBytes }),
          ...(body.digest === undefined ? {} : { digest: body.digest }),
        });
        void reply.header('location', `${request.url.split('?')[0]}/${encodeURIComponent(status.id)}`);
        return tell(reply, status);
      },
    }),
    route({
      method: 'GET',
      path: '/uploads/{id}',
      permission: 'models:write',
      tag,
      summary: 'How many bytes of an upload are there',
      params: byUpload,
      answer: uploadStatusShape,
      handle: async ({ params, request, reply }) => tell(reply, await uploads.status(params.id, ownerOf(request))),
    }),
    route({
      method: 'PATCH',
      path: '/uploads/{id}',
      permission: 'models:write',
      tag,
      summary: 'Append bytes at Upload-Offset; what arrived before a cut stays',
      params: byUpload,
      takes: ['application/octet-stream'],
      answer: uploadStatusShape,
      handle: async ({ params, request, reply, signal }) =>
        tell(reply, await uploads.append(params.id, ownerOf(request), readOffset(request), request.raw, signal)),
    }),
    route({
      method: 'PUT',
      path: '/uploads/{id}',
      permission: 'models:write',
      tag,
      summary: 'Finish an upload: its bytes are a blob then',
      params: byUpload,
      body: finishUploadShape,
      answer: storedBlobShape,
      handle: async ({ params, body, request }) =>
        uploads.finish(params.id, ownerOf(request), body.digest === undefined ? {} : { digest: body.digest }),
    }),
    route({
      method: 'DELETE',
      path: '/uploads/{id}',
      permission: 'models:write',
      tag,
      summary: 'Give an upload up',
      params: byUpload,
      answer: undefined,
      handle: ({ params, request }) => uploads.cancel(params.id, ownerOf(request)),
    }),
  ];
}
