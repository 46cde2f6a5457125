import { ClusterError } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';

const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const matches = (pattern: string, name: string) => new RegExp(`^${pattern.split('*').map(quote).join('.*')}$`, 'i').test(name);

/** Whether the caller may use the model of this name. */
export const mayUseModel = ({ models }: Pick<Caller, 'models'>, name: string): boolean =>
  models === undefined || models.some((pattern) => matches(pattern, name));

/** Throws `model_not_found`, as for a model that is not there: who may not use it need not know of it. */
export function checkModelGrant(caller: Pick<Caller, 'models'>, name: string): void {
  if (mayUseModel(caller, name)) return;
  throw new ClusterError('model_not_found', `There is no model "${name}" that this key may use.`, {
    hint: 'The models of this key are listed by GET /v1/models; an admin can grant more.',
  });
}
