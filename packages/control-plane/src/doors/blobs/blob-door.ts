import type { FastifyPluginAsync } from 'fastify';
import { BLOB_PATH } from '../../registry/blob-urls/create-blob-urls.ts';
import { serveBlob } from '../../registry/blob-urls/serve-blob.ts';
import type { BlobParts } from '../../registry/open-blob-parts.ts';

export interface BlobDoorDependencies {
  readonly blobParts: Pick<BlobParts, 'blobUrls' | 'findBlob'>;
}

const why = 'The address is the right by itself: signed here, for one blob, for a short time.';

/** `GET /blobs/{digest}?…`: the bytes behind an address that we signed. */
export function blobDoor({ blobParts }: BlobDoorDependencies): FastifyPluginAsync {
  return async (app) => {
    app.get(`${BLOB_PATH}/:digest`, { config: { permission: 'public', why } }, async (request, reply) => {
      const { digest, fileName } = await blobParts.blobUrls.open(request.url);
      return serveBlob(request, reply, await blobParts.findBlob(digest), { fileName });
    });
  };
}
