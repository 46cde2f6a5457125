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
  readonly sizeBytes: number;
}

const badness: Readonly<Record<Verdict, number>> = { safe: 0, suspicious: 1, dangerous: 2 };
const MOST_REASONS = 50;

/** What is not recognized at all (a README, a configuration) says nothing against a version whose weights are. */
const counts = ({ format }: Inspection) => format !== 'unknown';

const addCounts = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b);

/** Weights in several parts have the parameters of all of them; what lies beside the weights in another format has none of theirs. */
function join(weights: Inspection, path: string, other: Inspection): Inspection {
  const isPart = other.format === weights.format;
  return {
    ...weights,
    verdict: badness[other.verdict] > badness[weights.verdict] ? other.verdict : weights.verdict,
    parameterCount: isPart ? addCounts(weights.parameterCount, other.parameterCount) : weights.parameterCount,
    reasons: [...weights.reasons, ...other.reasons.map(({ code, detail }) => ({ code, detail: `${path}: ${detail}` }))].slice(
      0,
      MOST_REASONS,
    ),
  };
}

/**
 * What a version is, by its largest file, the weights. Its verdict is the worst of all files: what is dangerous is not less so for lying
 * beside something that is safe.
 */
export async function inspectFiles<File extends VersionFile>(
  files: readonly File[],
  inspect: (file: File) => Promise<BlobInspection>,
): Promise<BlobInspection> {
  const [weights, ...others] = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (weights === undefined) return {};
  const seen = await inspect(weights);
  if (seen.inspection === undefined) return seen;
  let joined = seen.inspection;
  for (const file of others) {
    const { inspection } = await inspect(file);
    if (inspection !== undefined && counts(inspection)) joined = join(joined, file.path, inspection);
  }
  return { ...seen, inspection: joined };
}
