import type { Config } from '@cluster-ai/contracts';

/** One value of the configuration, under the name by which it is written in `cluster.yaml`. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}
export interface SettingGroup {
  readonly name: string;
  readonly settings: readonly Setting[];
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const toText = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) && value.length === 0 ? '' : JSON.stringify(value);

function flatten(value: unknown, key: string): readonly Setting[] {
  if (value === undefined) return [];
  if (!isTree(value)) return [{ key, value: toText(value) }];
  return Object.entries(value).flatMap(([name, inner]) => flatten(inner, key === '' ? name : `${key}.${name}`));
}

/** The configuration in the groups of its file; what stands at its top comes first, under no name. */
export function flattenConfig(config: Config): readonly SettingGroup[] {
  const entries = Object.entries(config).filter(([name]) => name !== 'version');
  const top = entries.filter(([, value]) => !isTree(value)).flatMap(([name, value]) => flatten(value, name));
  const groups = entries.filter(([, value]) => isTree(value)).map(([name, value]) => ({ name, settings: flatten(value, '') }));
  return [...(top.length === 0 ? [] : [{ name: '', settings: top }]), ...groups].filter(({ settings }) => settings.length > 0);
}
