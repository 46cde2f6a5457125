import { ClusterError, isDigest, isModelName, type ModelFile, phrase } from '@cluster-ai/contracts';

/** Throws `invalid_model_reference` for what some door could not write. */
export function checkModelName(name: string, param = 'name'): void {
  if (isModelName(name)) return;
  throw new ClusterError('invalid_model_reference', phrase('name_cannot_be_used', { name: name.slice(0, 120) }), {
    hint: phrase('how_names_are'),
    param,
  });
}

const isPathInVersion = (path: string) =>
  path.length <= 1024 &&
  !/[\p{Cc}\\:*?"<>|]/u.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/^[ ]|[ .]$/.test(part));

/** Throws `invalid_request` for a path that means something outside of a version, anywhere it may be written to later. */
export function checkFilePath(path: string): void {
  if (isPathInVersion(path) && path.normalize('NFKC') === path && !/%(?:[0-9a-f]{2}|u)/i.test(path)) return;
  throw new ClusterError('invalid_request', phrase('path_in_version', { path: path.slice(0, 120) }), {
    hint: phrase('how_paths_are'),
    param: 'path',
  });
}

/** Throws `invalid_request` for files that cannot be one version. */
export function checkFiles(files: readonly ModelFile[]): void {
  for (const { path, digest } of files) {
    checkFilePath(path);
    if (!isDigest(digest))
      throw new ClusterError('invalid_request', 'A digest is `sha256:` and 64 lower-case hex digits.', { param: 'digest' });
  }
  const paths = new Set(files.map(({ path }) => path.toLowerCase()));
  if (files.length === 0 || paths.size !== files.length)
    throw new ClusterError('invalid_request', 'A version has at least one file, and no path twice, whatever its case.', { param: 'files' });
}
