import { toUnit } from '@cluster-ai/cli';
import { renderCliReference } from './render-cli.ts';
import { renderConfigReference, renderConfigSample, renderConfigSchema } from './render-config.ts';

/** What is generated from the code, by its path from the root. A test says when a file has drifted. */
export const referenceFiles: Readonly<Record<string, () => string>> = {
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/config.schema.json': renderConfigSchema,
  'docs/cluster.sample.yaml': renderConfigSample,
  // as `--service` writes them, for a program that was installed with npm install --global
  'deploy/systemd/cluster-ai.service': () =>
    toUnit({ name: 'cluster-ai', description: 'Cluster AI', command: ['/usr/local/bin/cluster-ai', 'up', '--no-open'] }),
  'deploy/systemd/cluster-ai-node.service': () =>
    toUnit({ name: 'cluster-ai-node', description: 'Cluster AI node', command: ['/usr/local/bin/cluster-ai', 'join'] }),
};
