// Says cheaply whether files changed since a stamp was written.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function* filesBelow(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) yield { path, stats };
  else for (const entry of readdirSync(path).sort()) yield* filesBelow(join(path, entry));
}

const digestOf = (lines) => createHash('sha256').update(lines.join('\n')).digest('hex');

/** Changes whenever a file was written; needs no file's content. */
export const quickFingerprint = (paths) =>
  digestOf(paths.flatMap((path) => [...filesBelow(path)].map(({ path: file, stats }) => `${file} ${stats.size} ${stats.mtimeMs}`)));

/** Changes only when a file's content changed. */
export const contentFingerprint = (paths) =>
  digestOf(paths.flatMap((path) => [...filesBelow(path)].map(({ path: file }) => `${file} ${digestOf([readFileSync(file, 'base64')])}`)));

export function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // none yet, or half written: whoever asks does the work again
  }
}

export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(stamp)}\n`);
}

/** Whether the files are as the stamp says. Files that were only touched get a fresh quick fingerprint, so that the next look is cheap again. */
export function isFresh(stampFile, paths) {
  const stamp = readStamp(stampFile);
  if (stamp === undefined) return false;
  const quick = quickFingerprint(paths);
  if (stamp.quick === quick) return true;
  if (stamp.content !== contentFingerprint(paths)) return false;
  writeStamp(stampFile, { ...stamp, quick });
  return true;
}

export const stampFor = (paths) => ({ quick: quickFingerprint(paths), content: contentFingerprint(paths) });
