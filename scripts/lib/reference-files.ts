import { renderCliReference } from './render-cli.ts';
import { renderConfigReference, renderConfigSample, renderConfigSchema } from './render-config.ts';

/** What is generated from the code, by its path from the root. A test says when a file has drifted. */
export const referenceFiles: Readonly<Record<string, () => string>> = {
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/config.schema.json': renderConfigSchema,
  'docs/cluster.sample.yaml': renderConfigSample,
};
