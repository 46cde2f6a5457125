import type { Inspection, ModelFacts, Verdict } from '@cluster-ai/contracts';
import type { ReadableBlob } from '../blob-reader.ts';

export interface BlobInspection {
  readonly facts?: ModelFacts;
  readonly inspection?: Inspection;
}

/** What is known of a file, without executing anything in it. Throws `invalid_model_file` for one that is not what it says it is. */
export type InspectBlob = (file: ReadableBlob & { readonly fileName: string }, signal: AbortSignal) => Promise<BlobInspection>;

interface VersionFile {
  readonly path: string;
  readonly blob: ReadableBlob;
}

const badness: Readonly<Record<Verdict, number>> = { safe: 0, suspicious: 1, dangerous: 2 };
const MOST_REASONS = 50;

/** What is not recognized at all (a README, a configuration) says nothing against a version whose weights are. */
const counts = ({ format }: Inspection) => format !== 'unknown';

/**
 * What a version is, by its largest file, the weights. Its verdict is the worst of all files: what is dangerous is not less so for lying
 * beside something that is safe.
 */
export async function inspectFiles(files: readonly VersionFile[], inspect: InspectBlob, signal: AbortSignal): Promise<BlobInspection> {
  const [weights, ...others] = files.toSorted((a, b) => b.blob.sizeBytes - a.blob.sizeBytes);
  if (weights === undefined) return {};
  const seen = await inspect({ ...weights.blob, fileName: weights.path }, signal);
  if (seen.inspection === undefined) return seen;
  let { verdict, reasons } = seen.inspection;
  for (const { path, blob } of others) {
    const { inspection } = await inspect({ ...blob, fileName: path }, signal);
    if (inspection === undefined || !counts(inspection) || inspection.verdict === 'safe') continue;
    if (badness[inspection.verdict] > badness[verdict]) verdict = inspection.verdict;
    reasons = [...reasons, ...inspection.reasons.map(({ code, detail }) => ({ code, detail: `${path}: ${detail}` }))];
  }
  return { ...seen, inspection: { ...seen.inspection, verdict, reasons: reasons.slice(0, MOST_REASONS) } };
}
