import { z } from 'zod';
import { type PhraseCode, phrase } from './phrases.ts';
import type { Phrase } from './said.ts';

export const verdictShape = z
  .enum(['safe', 'suspicious', 'dangerous'])
  .describe('safe: nothing in it can act; suspicious: something in it is not known to be harmless; dangerous: it is made to do harm.');
export type Verdict = z.infer<typeof verdictShape>;

export const frameworkShape = z.enum(['pytorch', 'tensorflow', 'onnx', 'gguf', 'safetensors', 'other']);
export type Framework = z.infer<typeof frameworkShape>;

export const inspectedFormatShape = z.enum([
  'gguf',
  'safetensors',
  'onnx',
  'pytorch',
  'pickle',
  'keras',
  'tensorflow',
  'tar',
  'zip',
  'unknown',
]);
export type InspectedFormat = z.infer<typeof inspectedFormatShape>;

/**
 * Everything that an inspection can find, and the verdict that it leads to; the worst one counts. The sentences are in the table of
 * phrases under the same codes, each with the place `{detail}` for a name, a path or numbers, which no language translates.
 */
export const findingVerdicts = {
  // what cannot be judged
  unknown_format: 'suspicious',
  broken_structure: 'suspicious',
  impossible_claim: 'dangerous',
  too_large_to_inspect: 'suspicious',
  unreadable_container: 'suspicious',
  two_formats: 'suspicious',
  trailing_data: 'suspicious',
  inspection_timed_out: 'suspicious',
  inspection_out_of_memory: 'suspicious',
  inspection_failed: 'suspicious',
  // pickles
  pickle_global_unknown: 'suspicious',
  pickle_global_dangerous: 'dangerous',
  pickle_global_computed: 'dangerous',
  pickle_changes_global: 'dangerous',
  pickle_extension: 'suspicious',
  pickle_persistent_id: 'suspicious',
  // archives
  archive_path_escapes: 'dangerous',
  archive_link_escapes: 'dangerous',
  archive_link: 'suspicious',
  archive_device: 'dangerous',
  archive_bomb: 'dangerous',
  archive_entries_overlap: 'dangerous',
  archive_headers_disagree: 'suspicious',
  archive_hidden_data: 'suspicious',
  archive_checksum_wrong: 'suspicious',
  archive_name_twice: 'suspicious',
  archive_encrypted: 'suspicious',
  archive_program: 'suspicious',
  archive_unknown_member: 'suspicious',
  // weights and graphs
  tensors_overlap: 'dangerous',
  tensors_have_holes: 'suspicious',
  key_twice: 'suspicious',
  external_data_escapes: 'dangerous',
  custom_operators: 'suspicious',
  operator_touches_files: 'dangerous',
  operator_runs_python: 'dangerous',
  operator_unusual: 'suspicious',
  keras_runs_code: 'dangerous',
  keras_custom_object: 'suspicious',
  hdf5_not_understood: 'suspicious',
  torchscript_code: 'suspicious',
  remote_code: 'suspicious',
  template_reaches_out: 'dangerous',
  template_unusual: 'suspicious',
} as const satisfies Partial<Record<PhraseCode, Exclude<Verdict, 'safe'>>>;
export type FindingCode = keyof typeof findingVerdicts;

export const inspectionShape = z
  .object({
    format: inspectedFormatShape,
    framework: frameworkShape,
    parameterCount: z.int().nullable(),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    verdict: verdictShape,
    reasons: z.array(z.object({ code: z.string(), detail: z.string() })).describe('What led to the verdict; empty when it is safe.'),
  })
  .meta({ id: 'Inspection' });
/** What a file is and whether it may be trusted, found out by reading alone. */
export type Inspection = z.infer<typeof inspectionShape>;
export type InspectionReason = Inspection['reasons'][number];

const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(findingVerdicts, code);

/** A reason as a sentence of every language; one that a newer program found is told as not known here. */
export const toReasonPhrase = ({ code, detail }: InspectionReason): Phrase =>
  isFindingCode(code) ? phrase(code, { detail }) : phrase('inspection_failed', { detail: `${code}: ${detail}` });

/** The verdict that reasons lead to: that of the worst. One that is not known counts as suspicious. */
export function judgeReasons(reasons: readonly InspectionReason[]): Verdict {
  const verdicts = reasons.map(({ code }) => (isFindingCode(code) ? findingVerdicts[code] : 'suspicious'));
  if (verdicts.includes('dangerous')) return 'dangerous';
  return verdicts.length > 0 ? 'suspicious' : 'safe';
}
