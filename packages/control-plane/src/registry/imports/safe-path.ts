import { ClusterError, phrase } from '@cluster-ai/contracts';

const MOST_PARTS = 8;
/** Letters and digits of any script would make two names that look alike; the names of model files need none of them. */
const partPattern = /^[A-Za-z0-9_][A-Za-z0-9_.@+= -]{0,199}$/;
/** Names that one system or another reads as devices. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

const refused = (path: string) =>
  new ClusterError('source_refused', phrase('path_of_source_refused', { path: JSON.stringify(path.slice(0, 120)) }));

/**
 * A path that a source names, if it can be one inside of a version: relative, forward slashes, no `..`, nothing that an encoding or a file
 * system could read as something else. Nothing is written there (blobs are named by their digest); it is shown, served and exported. Throws
 * `source_refused`.
 */
export function toSafePath(path: string): string {
  const parts = path.split('/');
  const isSafe =
    parts.length <= MOST_PARTS &&
    path.length <= 512 &&
    parts.every(
      (part) => partPattern.test(part) && !part.includes('..') && !part.endsWith('.') && !part.endsWith(' ') && !devices.test(part),
    );
  if (!isSafe) throw refused(path);
  return path;
}

/** Paths that differ only by case are one file on some disks. */
export function refuseDoubles(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    const key = path.toLowerCase();
    if (seen.has(key)) throw refused(path);
    seen.add(key);
  }
}
