import type { Inspection, WireError } from '@cluster-ai/contracts';
import type { InspectionLimits } from '@cluster-ai/formats';

/** What the process that inspects is asked. */
export interface InspectMessage {
  readonly path: string;
  readonly limits?: InspectionLimits;
}

/** What it answers, once. */
export type InspectAnswer = { readonly inspection: Inspection } | { readonly error: WireError };
