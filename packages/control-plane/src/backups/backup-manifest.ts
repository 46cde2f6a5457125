import { ClusterError } from '@cluster-ai/contracts';
import { z } from 'zod';

export const BACKUP_FORMAT = 'cluster-ai-backup';
/** 1 had its secrets in clear, and nothing proved it. */
export const BACKUP_FORMAT_VERSION = 2;

/** Where a file of a backup may go: below the data folder, in the places that a backup has, and nowhere else. */
const fileName = z
  .string()
  .max(400)
  .regex(
    /^((sealed\/)?cluster\.yaml|(state|database|(sealed\/)?(secrets|agent))\/[\w.-]+(\/[\w.-]+)*|blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64})$/,
  )
  .refine((name) => !name.split('/').some((part) => part === '.' || part === '..'));

const manifestShape = z.object({
  format: z.literal(BACKUP_FORMAT),
  formatVersion: z.int(),
  createdAt: z.iso.datetime(),
  database: z.object({ kind: z.enum(['sqlite', 'postgres']), migrations: z.array(z.string()) }),
  includesModels: z.boolean(),
  /** Which key opens and proves the archive; absent in the first format. */
  seal: z.object({ masterKeyId: z.string().regex(/^[0-9a-f]{16}$/), salt: z.base64().min(40).max(100) }).optional(),
  /** Which key ring has the keys of its sealed chats, and says who was erased since. */
  keyRing: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** Files of models that were gone when the backup was made. */
  missing: z.array(z.string()),
  files: z.array(z.object({ name: fileName, sizeBytes: z.int().min(0), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
});
export type BackupManifest = z.infer<typeof manifestShape>;

const foreign = (archive: string, cause?: unknown) =>
  new ClusterError('invalid_request', `${archive} is not a backup of Cluster AI.`, {
    hint: 'Name a file that `cluster-ai backup create` wrote.',
    cause,
  });

function parseJson(text: string, archive: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw foreign(archive, error);
  }
}

/** Reads the first file of a backup. Throws `invalid_request` for anything else, and `database_newer` for a format of the future. */
export function parseManifest(text: string, archive: string): BackupManifest {
  const content = parseJson(text, archive);
  const version = z.object({ format: z.literal(BACKUP_FORMAT), formatVersion: z.int() }).safeParse(content);
  if (version.success && version.data.formatVersion > BACKUP_FORMAT_VERSION)
    throw new ClusterError('database_newer', `${archive} was made by a newer version of Cluster AI.`, {
      hint: 'Restore it with that version.',
    });
  const manifest = manifestShape.safeParse(content);
  if (!manifest.success) throw foreign(archive, manifest.error);
  return manifest.data;
}
