// What the long run of malformed model files came to, for docs/proofs.md.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const fileIn = (root) => join(root, 'artefacts', 'fuzz-formats.json');

/** So that no older run is taken for this one. */
export function forgetFuzz(root) {
  rmSync(fileIn(root), { force: true });
}

/** The section of docs/proofs.md; nothing where the run did not come to its end. */
export function renderFuzz(root) {
  if (!existsSync(fileIn(root))) return [];
  const { files, seed, outcomes } = JSON.parse(readFileSync(fileIn(root), 'utf8'));
  const rows = Object.entries(outcomes).map(([outcome, count]) => `| ${outcome.split(': ').join(' | ')} | ${count} |`);
  return [
    '## Malformed model files',
    '',
    `${files} files, made from seed ${seed} by \`packages/formats/src/fuzz.test.ts\`: each was judged, without a read outside of it and in bounded work. What they were taken for:`,
    '',
    '| format | verdict | files |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ];
}
