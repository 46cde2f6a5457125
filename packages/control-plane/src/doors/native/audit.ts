import { Readable } from 'node:stream';
import {
  auditCheckpointListShape,
  auditCheckpointQueryShape,
  auditFilterShape,
  auditFormats,
  auditListShape,
  auditQueryShape,
  auditVerificationShape,
  verifyAuditShape,
} from '@cluster-ai/contracts';
import { z } from 'zod';
import { toExportText } from '../../access/audit/export-text.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'audit';
const mediaTypes = { jsonl: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const;

export function auditRoutes({ audit }: Pick<NativeDependencies, 'audit'>): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/audit',
      permission: 'audit:read',
      tag,
      summary: 'Who did what, newest first',
      query: auditQueryShape,
      answer: auditListShape,
      handle: async ({ query }) => audit.list(query),
    }),
    route({
      method: 'GET',
      path: '/audit/export',
      permission: 'audit:read',
      tag,
      summary: 'The same as a file: JSON lines or CSV, oldest first',
      query: auditFilterShape.extend({ format: z.enum(auditFormats).default('jsonl') }),
      answer: z.string(),
      mediaTypes: Object.values(mediaTypes),
      handle: async ({ query: { format, ...filter }, reply, signal }) => {
        void reply.type(mediaTypes[format]).header('content-disposition', `attachment; filename="audit.${format}"`);
        return Readable.from(toExportText(audit.read(filter), format), { objectMode: false, signal });
      },
    }),
    route({
      method: 'POST',
      path: '/audit/verify',
      permission: 'audit:read',
      tag,
      summary: 'Read the whole record and say what is wrong with it, also beside copies of checkpoints',
      body: verifyAuditShape,
      answer: auditVerificationShape,
      handle: async ({ body }) => audit.verify(body.checkpoints),
    }),
    route({
      method: 'GET',
      path: '/audit/checkpoints',
      permission: 'audit:read',
      tag,
      summary: 'The newest signed checkpoints, to be kept elsewhere',
      query: auditCheckpointQueryShape,
      answer: auditCheckpointListShape,
      handle: async ({ query }) => audit.checkpoints(query.limit),
    }),
  ];
}
