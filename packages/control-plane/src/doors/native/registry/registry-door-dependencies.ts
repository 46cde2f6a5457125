import type { Clock } from '@cluster-ai/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf } from '../../../access/caller.ts';
import { checkModelGrant } from '../../../access/model-grants.ts';
import type { Gateway } from '../../../gateway/gateway.ts';
import type { Nodes } from '../../../nodes/nodes.ts';
import type { Catalog } from '../../../registry/catalog/catalog.ts';
import type { Publisher } from '../../../registry/catalog/publish-uploads.ts';
import type { BlobParts } from '../../../registry/open-blob-parts.ts';
import type { Registry } from '../../../registry/registry.ts';

export interface RegistryDoorDependencies {
  readonly catalog: Catalog;
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly blobParts: Pick<BlobParts, 'uploads' | 'findBlob' | 'garbage'>;
  readonly gateway: Gateway;
  readonly nodes: Nodes;
  readonly clock: Clock;
}

export const registryTag = 'registry';

const name = z.string().min(1).max(255).describe('A slash within it is written %2F.');
const part = /^[^\p{Cc}]*$/u;
const version = z.string().min(1).max(80).regex(part).describe('A number, a semantic version or an alias.');
export const byModel = z.object({ name });
export const byVersion = z.object({ name, version });
export const byAlias = z.object({ name, alias: z.string().min(1).max(80).regex(part) });
export const byFile = z.object({ name, version, path: z.string().min(1).max(1024).describe('Slashes within it are written %2F.') });
export const byUpload = z.object({ id: z.string().min(1).max(100) });

/** Throws `model_not_found` for a model that the caller may not use, whether it is there or not. */
export const checkGrant = (request: FastifyRequest, model: string): void => checkModelGrant(callerOf(request), model);
