import { z } from 'zod';
import { frameworkShape, inspectionShape, verdictShape } from './inspections.ts';
import { modelFactsShape, modelFileShape } from './models.ts';
import { engineOptionsShape, replicaReportShape } from './replicas.ts';
import { conditionShape } from './state.ts';

/** Shapes of the registry: models, their versions and files, aliases, search. Sizes are bytes, times are UTC. */

/** Text without control characters: it ends up in headers, logs and terminals. */
const plainText = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'Control characters and line breaks cannot be used here');
/** The same for text of several lines. */
const proseText = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^(?:[^\p{Cc}]|[\n\t])*$/u, 'Control characters cannot be used here');

const facetText = plainText(100).transform((text) => text.toLowerCase());
const metricValue = z.union([plainText(1000), z.number(), z.boolean(), z.null()]);

/** What a person says of a version, such as `{ accuracy: 0.91, dataset: "imagenet" }` under `metrics`. */
export const versionMetadataShape = z
  .strictObject({
    task: facetText.optional().describe('What it is for, such as text-generation.'),
    licence: facetText.optional(),
    languages: z.array(facetText).max(50).optional(),
    parameterCount: z.int().min(0).nullable().optional(),
    metrics: z
      .record(plainText(100), metricValue)
      .refine((metrics) => Object.keys(metrics).length <= 200, 'At most 200 of them')
      .optional()
      .describe('Free: accuracy, dataset, and what else is known.'),
  })
  .meta({ id: 'VersionMetadata' });
export type VersionMetadata = z.infer<typeof versionMetadataShape>;

const tagPart = /^[^\p{Cc}\u2028\u2029]*$/u;
export const tagsShape = z
  .record(z.string().min(1).max(120).regex(tagPart), z.string().max(500).regex(tagPart))
  .refine((tags) => Object.keys(tags).length <= 100, 'At most 100 tags')
  .meta({ id: 'Tags' });

const name = z.string().min(1).max(255);
/** As in references: an alias never looks like a number, which names a version. */
const aliasShape = z
  .string()
  .regex(/^(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/, 'Use letters, digits, "-", "_" and ".", and not digits alone');
/** Semantic versions of npm's kind; checked once more where they are stored. */
const semverText = z.string().min(1).max(80);
const description = proseText(10_000);

export const sizeClasses = ['under-100mb', '100mb-1gb', '1gb-10gb', '10gb-100gb', 'over-100gb'] as const;
export const facetNames = ['framework', 'task', 'licence', 'language', 'size', 'namespace'] as const;
export type FacetName = (typeof facetNames)[number];

/** Why an admin lets a version be used although something in it is suspicious. Who that was is in the audit record. */
export const versionAllowanceShape = z.object({ reason: z.string(), at: z.iso.datetime() }).meta({ id: 'VersionAllowance' });
export type VersionAllowance = z.infer<typeof versionAllowanceShape>;
export const allowVersionShape = z
  .strictObject({ reason: plainText(500).min(1).describe('Why its source is trusted; it goes into the audit record.') })
  .meta({ id: 'AllowVersion' });

export const catalogVersionShape = z
  .object({
    version: z.int().describe('Counts from 1; never reused.'),
    semver: z.string().nullable(),
    manifestDigest: z.string(),
    framework: frameworkShape,
    sizeBytes: z.int(),
    createdAt: z.iso.datetime(),
    source: z.string(),
    files: z.array(modelFileShape),
    facts: modelFactsShape,
    metadata: versionMetadataShape,
    inspection: inspectionShape.nullable(),
    allowed: versionAllowanceShape.nullable().default(null).describe('Set: an admin lets it be used although it is suspicious.'),
    aliases: z.array(z.string()),
    tags: tagsShape,
  })
  .meta({ id: 'CatalogVersion' });
export type CatalogVersion = z.infer<typeof catalogVersionShape>;

export const catalogAliasShape = z
  .object({ alias: z.string(), version: z.int(), isProtected: z.boolean(), updatedAt: z.iso.datetime() })
  .meta({ id: 'CatalogAlias' });
export type CatalogAlias = z.infer<typeof catalogAliasShape>;

/** One model as lists show it. */
export const catalogModelShape = z
  .object({
    name: z.string(),
    description: z.string(),
    framework: frameworkShape,
    task: z.string(),
    licence: z.string(),
    languages: z.array(z.string()),
    sizeBytes: z.int().describe('Of the version that `latest` points to.'),
    parameterCount: z.int().nullable(),
    latest: z.object({ version: z.int(), semver: z.string().nullable(), manifestDigest: z.string(), verdict: verdictShape.nullable() }),
    versionCount: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'CatalogModel' });
export type CatalogModel = z.infer<typeof catalogModelShape>;

export const catalogDetailsShape = catalogModelShape
  .extend({ latest: catalogVersionShape, aliases: z.array(catalogAliasShape), metadata: versionMetadataShape })
  .meta({ id: 'CatalogDetails' });
export type CatalogDetails = z.infer<typeof catalogDetailsShape>;

const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const cursor = z.string().max(1000).optional().describe('`next` of the page before.');

export const catalogSearchShape = z.object({
  search: plainText(200).default('').describe('Words of the name, the description or the tags; the last one may be unfinished.'),
  framework: frameworkShape.optional(),
  task: facetText.optional(),
  licence: facetText.optional(),
  language: facetText.optional(),
  size: z.enum(sizeClasses).optional(),
  namespace: facetText.optional(),
  sort: z.enum(['updated', 'name', 'size']).default('updated'),
  order: z.enum(['asc', 'desc']).optional().describe('Names ascend and the others descend where nothing is said.'),
  limit: limit(200, 50),
  cursor,
  facets: z.stringbool().default(false).describe('Whether to tell which values there are, over all models.'),
});
export type CatalogSearch = z.infer<typeof catalogSearchShape>;

export const facetCountsShape = z.record(z.enum(facetNames), z.array(z.object({ value: z.string(), models: z.int() })));
export type FacetCounts = z.infer<typeof facetCountsShape>;

export const catalogPageShape = z
  .object({
    models: z.array(catalogModelShape),
    next: z
      .string()
      .nullable()
      .describe('Send it as `cursor` for the next page. What changes meanwhile may move to a page that was read already.'),
    facets: facetCountsShape.optional(),
  })
  .meta({ id: 'CatalogPage' });
export type CatalogPage = z.infer<typeof catalogPageShape>;

export const pageQueryShape = z.object({ limit: limit(200, 50), cursor });
export const versionPageShape = z
  .object({ versions: z.array(catalogVersionShape), next: z.string().nullable() })
  .meta({ id: 'VersionPage' });
export type VersionPage = z.infer<typeof versionPageShape>;

/** A file of a version to be: bytes that the caller has uploaded, or may read in another version. */
export const publishFileShape = z.strictObject({
  path: z.string().min(1).max(1024).describe('Inside the version, with forward slashes.'),
  digest: z.string().max(80),
  mediaType: z
    .string()
    .max(200)
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .default('application/octet-stream'),
});

export const publishFieldsShape = z.strictObject({
  name,
  version: semverText.optional().describe('A semantic version, such as 1.2.0; a number is always given.'),
  description: description.optional(),
  framework: frameworkShape.optional().describe('What the files say, where it is left out.'),
  metadata: versionMetadataShape.prefault({}),
  aliases: z.array(aliasShape).max(20).default([]),
  tags: tagsShape.default({}),
});
export type PublishFields = z.infer<typeof publishFieldsShape>;
export const publishVersionShape = publishFieldsShape
  .extend({ files: z.array(publishFileShape).min(1).max(1000) })
  .meta({ id: 'PublishVersion' });
export type PublishVersionInput = z.input<typeof publishVersionShape>;

export const updateCatalogModelShape = z
  .strictObject({ description: description.optional(), metadata: versionMetadataShape.optional() })
  .meta({ id: 'UpdateCatalogModel' });
export type UpdateCatalogModel = z.infer<typeof updateCatalogModelShape>;

export const putAliasShape = z
  .strictObject({
    version: z.union([z.int().min(1), z.string().min(1).max(80)]).describe('A number, a semantic version, or another alias.'),
    isProtected: z.boolean().optional().describe('As it was, where it is left out.'),
  })
  .meta({ id: 'PutAlias' });
export const aliasNameShape = aliasShape;

export const aliasMoveShape = z
  .object({
    at: z.iso.datetime(),
    from: z.int().nullable(),
    to: z.int().nullable().describe('null: the alias was removed.'),
    kind: z.enum(['move', 'rollback', 'remove']),
    actor: z.string(),
  })
  .meta({ id: 'AliasMove' });
export type AliasMove = z.infer<typeof aliasMoveShape>;
export const aliasListShape = z.object({ aliases: z.array(catalogAliasShape) }).meta({ id: 'AliasList' });
export const aliasHistoryShape = z.object({ moves: z.array(aliasMoveShape) }).meta({ id: 'AliasHistory' });

const changed = z.object({ path: z.string(), before: z.unknown(), after: z.unknown() });
export const versionDiffShape = z
  .object({
    from: z.int(),
    to: z.int(),
    files: z.object({
      added: z.array(modelFileShape),
      removed: z.array(modelFileShape),
      changed: z.array(z.object({ path: z.string(), before: modelFileShape, after: modelFileShape })),
      unchanged: z.int(),
    }),
    metadata: z.array(changed).describe('By path, such as `metrics.accuracy`; null where there was none.'),
    sizeDeltaBytes: z.int(),
  })
  .meta({ id: 'VersionDiff' });
export type VersionDiff = z.infer<typeof versionDiffShape>;

export const copyModelShape = z
  .strictObject({ to: name, version: z.string().max(80).optional().describe('Only this one; all of them where it is left out.') })
  .meta({ id: 'CopyModel' });
export const renameModelShape = z.strictObject({ to: name }).meta({ id: 'RenameModel' });

export const startUploadShape = z
  .strictObject({ sizeBytes: z.int().min(0).optional(), digest: z.string().max(80).optional() })
  .meta({ id: 'StartUpload' });
export const uploadStatusShape = z
  .object({
    id: z.string(),
    offset: z.int().describe('How many bytes are there: the next ones begin here.'),
    sizeBytes: z.int().nullable(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'UploadStatus' });
export type UploadStatusAnswer = z.infer<typeof uploadStatusShape>;
export const finishUploadShape = z.strictObject({ digest: z.string().max(80).optional() }).meta({ id: 'FinishUpload' });
export const storedBlobShape = z.object({ digest: z.string(), sizeBytes: z.int() }).meta({ id: 'StoredBlob' });
export type StoredBlobAnswer = z.infer<typeof storedBlobShape>;

export const loadFromRegistryShape = z
  .strictObject({
    version: z.string().max(80).optional().describe('An alias, a semantic version or a number; `latest` where it is left out.'),
    wait: z.boolean().default(true).describe('Whether to answer only when a copy is ready.'),
    keepAliveSeconds: z.number().min(-1).optional(),
    options: engineOptionsShape.prefault({}),
  })
  .meta({ id: 'LoadFromRegistry' });
export const loadedModelShape = z
  .object({
    name: z.string(),
    version: z.int(),
    condition: conditionShape,
    replicas: z.array(replicaReportShape.extend({ node: z.string(), nodeId: z.string() })).describe('Where it is.'),
  })
  .meta({ id: 'LoadedModel' });
export type LoadedModel = z.infer<typeof loadedModelShape>;

export const collectGarbageShape = z
  .strictObject({
    now: z.boolean().default(false).describe('Also what has not been needed for less than a day. What somebody is about to publish stays.'),
  })
  .meta({ id: 'CollectGarbage' });
export type CollectGarbageInput = z.input<typeof collectGarbageShape>;
export const collectedGarbageShape = z
  .object({
    blobs: z.int().describe('Files of models that no version has any more.'),
    bytes: z.int().describe('That became free.'),
    orphans: z.int().describe('Files of the store that nothing knew of.'),
  })
  .meta({ id: 'CollectedGarbage' });
export type CollectedGarbage = z.infer<typeof collectedGarbageShape>;
