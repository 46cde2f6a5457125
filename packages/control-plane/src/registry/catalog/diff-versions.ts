import type { CatalogVersion, ModelFile, VersionDiff } from '@cluster-ai/contracts';

const byPath = (files: readonly ModelFile[]) => new Map(files.map((file) => [file.path, file]));

function diffFiles(from: readonly ModelFile[], to: readonly ModelFile[]): VersionDiff['files'] {
  const [before, after] = [byPath(from), byPath(to)];
  const both = from.flatMap((file) => {
    const now = after.get(file.path);
    return now ? [{ path: file.path, before: file, after: now }] : [];
  });
  const changed = both.filter((each) => each.before.digest !== each.after.digest || each.before.mediaType !== each.after.mediaType);
  return {
    added: to.filter(({ path }) => !before.has(path)),
    removed: from.filter(({ path }) => !after.has(path)),
    changed,
    unchanged: both.length - changed.length,
  };
}

/** Everything that is said of a version, flat: `metrics.accuracy`. Lists stay whole. */
function flatten(value: unknown, path: string, into: Map<string, unknown>): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== undefined) into.set(path, value);
    return into;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
  return into;
}

const said = ({ framework, semver, metadata, facts, tags, inspection }: CatalogVersion) =>
  flatten({ semver, framework, metadata, facts, tags, verdict: inspection?.verdict ?? null }, '', new Map());

/** What changed from one version to another. Pure. */
export function diffVersions(from: CatalogVersion, to: CatalogVersion): VersionDiff {
  const [before, after] = [said(from), said(to)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return {
    from: from.version,
    to: to.version,
    files: diffFiles(from.files, to.files),
    metadata: paths.flatMap((path) => {
      const [was, is] = [before.get(path) ?? null, after.get(path) ?? null];
      return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ path, before: was, after: is }];
    }),
    sizeDeltaBytes: to.sizeBytes - from.sizeBytes,
  };
}
