import { z } from 'zod';
import { apiKeyShape, auditEntryShape } from './access.ts';
import { chatDetailsShape } from './native-api.ts';
import { passkeyShape, personShape, sessionShape } from './people.ts';

/** Everything that is stored about one person, but for what proves who the person is. */
export const personExportShape = z
  .object({
    exportedAt: z.iso.datetime(),
    person: personShape,
    identities: z
      .array(z.object({ issuer: z.string(), subject: z.string(), createdAt: z.iso.datetime() }))
      .describe('Who the person is at sign-in providers.'),
    passkeys: z.array(passkeyShape),
    sessions: z.array(sessionShape),
    keys: z.array(apiKeyShape),
    use: z
      .array(z.object({ of: z.string(), period: z.string(), requests: z.int(), tokens: z.int() }))
      .describe('What the person and the keys have used: by day, by month, ever.'),
    chats: z.array(chatDetailsShape.omit({ isGenerating: true })),
    audit: z.array(auditEntryShape).describe('What the person did, oldest first.'),
  })
  .meta({ id: 'PersonExport' });
export type PersonExport = z.infer<typeof personExportShape>;

export const erasedPersonShape = z
  .object({
    id: z.string().describe('All that the record of acts still knows of the person.'),
    chats: z.int().describe('How many were erased.'),
    keys: z.int(),
    keyRings: z.object({
      rewritten: z.int().describe('Key rings beside backups that have lost the keys of the person.'),
      unreached: z.array(z.string()).describe('Folders of backups whose key ring could not be rewritten: it is tried again each hour.'),
    }),
  })
  .meta({ id: 'ErasedPerson' });
export type ErasedPerson = z.infer<typeof erasedPersonShape>;
