import { ClusterError, type Config, type VersionAllowance } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { decideUse } from '../inspection/policy.ts';
import { unseen } from './move-alias.ts';
import { readInspection, type VersionColumns } from './read-versions.ts';

/** Throws `verdict_refused` for what nobody may allow: what is dangerous, and anything where the policy says that nobody may. */
function checkAllowable(model: ModelRow, row: VersionColumns, policy: Config['registry']['policy']): void {
  const inspection = readInspection(row.inspection_json) ?? unseen;
  const decision = decideUse({ model: model.name, use: 'load', inspections: [inspection], isOverridden: true }, policy);
  if (decision.isAllowed) return;
  throw new ClusterError('verdict_refused', decision.message, { hint: decision.hint, details: { verdict: inspection.verdict } });
}

/** Writes down an admin's word, or takes it back. Throws `verdict_refused`. */
export async function allowVersion(
  transaction: Query,
  model: ModelRow,
  row: VersionColumns,
  allowance: VersionAllowance | undefined,
  policy: Config['registry']['policy'],
): Promise<VersionColumns> {
  if (allowance !== undefined) checkAllowable(model, row, policy);
  const allowed_json = allowance === undefined ? null : JSON.stringify(allowance);
  await transaction.updateTable('versions').set({ allowed_json }).where('id', '=', row.id).execute();
  return { ...row, allowed_json };
}
