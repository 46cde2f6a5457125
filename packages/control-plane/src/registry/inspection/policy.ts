import {
  type Config,
  findingVerdicts,
  type Inspection,
  type InspectionReason,
  type Phrase,
  phrase,
  toReasonPhrase,
} from '@cluster-ai/contracts';

/** What somebody wants to do with a version: bring it into an engine, or let a name point to it that others rely on. */
export type Use = 'load' | 'protected-alias';

export type UseDecision =
  | { readonly isAllowed: true }
  | { readonly isAllowed: false; readonly message: readonly Phrase[]; readonly hint: Phrase };

export interface UseRequest {
  readonly model: string;
  readonly use: Use;
  /** All files of the version that were inspected. */
  readonly inspections: readonly Pick<Inspection, 'format' | 'verdict' | 'reasons'>[];
  /** An admin has said that this version may be used all the same. */
  readonly isOverridden: boolean;
}

const isDangerous = ({ code }: InspectionReason) => (findingVerdicts as Readonly<Record<string, string>>)[code] === 'dangerous';

/** The reason that weighs most, and how it is told. */
function findWorst({ reasons }: UseRequest['inspections'][number]): Phrase {
  const worst = reasons.find(isDangerous) ?? reasons[0];
  return toReasonPhrase(worst ?? { code: 'inspection_failed', detail: '?' });
}

/**
 * Whether a version may be used. What is safe may; what is suspicious, or in a format that is not loaded by default, only when an admin
 * said so; what is dangerous never. Pure.
 */
export function decideUse({ model, use, inspections, isOverridden }: UseRequest, policy: Config['registry']['policy']): UseDecision {
  const dangerous = inspections.find(({ verdict }) => verdict === 'dangerous');
  if (dangerous)
    return {
      isAllowed: false,
      message: [phrase('inspection_refuses_dangerous', { model }), findWorst(dangerous)],
      hint: phrase('inspection_not_to_be_used'),
    };
  if (isOverridden && policy.override === 'admin') return { isAllowed: true };
  const suspicious = inspections.find(({ verdict }) => verdict !== 'safe');
  const hint = phrase(policy.override === 'admin' ? 'inspection_admin_may_allow' : 'inspection_not_to_be_used');
  if (suspicious) return { isAllowed: false, message: [phrase('inspection_refuses_suspicious', { model }), findWorst(suspicious)], hint };
  const other = use === 'load' ? inspections.find(({ format }) => !policy.loadFormats.includes(format)) : undefined;
  if (other)
    return {
      isAllowed: false,
      message: [phrase('inspection_refuses_format', { model, format: other.format })],
      hint: phrase('inspection_other_format'),
    };
  return { isAllowed: true };
}
