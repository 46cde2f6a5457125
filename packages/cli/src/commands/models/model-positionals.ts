import { text } from '../../output/language.ts';
import type { Positional } from '../../verb.ts';
import { completeModel } from './complete-model.ts';

export const modelName: Positional = { name: '<model>', description: text('Its name', 'O nome'), complete: completeModel };

/** `lab/qwen3:1.2.0` taken apart; `latest` where no version is said. */
export function splitVersion(reference: string): { readonly name: string; readonly version: string } {
  const colon = reference.lastIndexOf(':');
  return colon < 0 ? { name: reference, version: 'latest' } : { name: reference.slice(0, colon), version: reference.slice(colon + 1) };
}

export const modelReference: Positional = {
  name: '<model>',
  description: text('Its name, with a version or alias: NAME:VERSION', 'O nome, com versão ou alias: NOME:VERSÃO'),
  complete: completeModel,
};
