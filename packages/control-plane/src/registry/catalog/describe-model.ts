import type { CatalogModel, Framework, Inspection, ModelFacts, sizeClasses, VersionMetadata } from '@cluster-ai/contracts';

type SizeClass = (typeof sizeClasses)[number];

const MB = 1_000_000;
const borders: readonly (readonly [number, SizeClass])[] = [
  [100 * MB, 'under-100mb'],
  [1000 * MB, '100mb-1gb'],
  [10_000 * MB, '1gb-10gb'],
  [100_000 * MB, '10gb-100gb'],
];

export const toSizeClass = (sizeBytes: number): SizeClass => borders.find(([border]) => sizeBytes < border)?.[1] ?? 'over-100gb';

/** What is known of the version that `latest` points to. */
export interface LatestVersion {
  readonly version: number;
  readonly semver: string | null;
  readonly manifestDigest: string;
  readonly framework: Framework;
  readonly sizeBytes: number;
  readonly metadata: VersionMetadata;
  readonly inspection: Inspection | null;
  readonly facts: Pick<ModelFacts, 'licence' | 'parameterCount'>;
}

export interface ModelTexts {
  readonly name: string;
  readonly description: string;
  readonly metadata: VersionMetadata;
  readonly versionCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Files may hold a whole licence where others have its name: then it is none that one could filter by. */
const toLicenceName = (licence: string | null) => (licence !== null && /^[^\p{Cc}]{1,100}$/u.test(licence) ? licence.toLowerCase() : '');

/** How lists show a model: what a person said of it goes before what its newest version says. Pure. */
export function describeModel(model: ModelTexts, latest: LatestVersion): CatalogModel {
  const { metadata: own } = model;
  const { metadata, inspection, facts } = latest;
  return {
    name: model.name,
    description: model.description,
    framework: latest.framework,
    task: own.task ?? metadata.task ?? '',
    licence: own.licence ?? metadata.licence ?? toLicenceName(facts.licence),
    languages: own.languages ?? metadata.languages ?? [],
    sizeBytes: latest.sizeBytes,
    parameterCount: own.parameterCount ?? metadata.parameterCount ?? inspection?.parameterCount ?? facts.parameterCount,
    latest: {
      version: latest.version,
      semver: latest.semver,
      manifestDigest: latest.manifestDigest,
      verdict: inspection?.verdict ?? null,
    },
    versionCount: model.versionCount,
    createdAt: new Date(model.createdAt).toISOString(),
    updatedAt: new Date(model.updatedAt).toISOString(),
  };
}
