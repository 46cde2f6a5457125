import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { ModelRecord, Registry, ResolvedModel } from '../../registry/registry.ts';

interface OpenAiModel {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970. */
  readonly created: number;
  readonly owned_by: 'cluster';
}

function toModel(id: string, createdAt: string): OpenAiModel {
  return { id, object: 'model', created: Math.floor(Date.parse(createdAt) / 1000), owned_by: 'cluster' };
}

function namesOf(record: ModelRecord): readonly OpenAiModel[] {
  const aliases = record.aliases.filter(({ alias }) => alias !== 'latest');
  return [
    toModel(record.name, record.latest.createdAt),
    ...aliases.map(({ alias }) => toModel(`${record.name}:${alias}`, record.updatedAt)),
  ];
}

/** As many as one answer can hold: models beyond a thousand are found by search, in the registry's own API. */
export async function listModels(registry: Pick<Registry, 'list'>, caller?: ModelGrants) {
  const records = (await registry.list()).filter(({ name }) => caller === undefined || mayUseModel(caller, name));
  return { object: 'list', data: records.flatMap(namesOf) };
}

export function showModel({ reference, version }: ResolvedModel): OpenAiModel {
  return toModel(reference, version.createdAt);
}
