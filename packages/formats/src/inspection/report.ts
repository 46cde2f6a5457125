import type { FindingCode, Framework, InspectedFormat, Inspection } from '@cluster-ai/contracts';
import type { ByteSource } from '../source/byte-source.ts';
import type { Budget } from './budget.ts';

/** What one inspector says about one source; the verdict follows from what was found, at the end. */
export interface Report {
  readonly format: InspectedFormat;
  readonly framework: Framework;
  readonly parameterCount: number | null;
  readonly metadata: Inspection['metadata'];
  /** What is to be told unless whatever it lies in explains it: raw weights are no format of their own. */
  readonly doubt?: { readonly code: FindingCode; readonly detail: string };
}

/** What inspectors share while they look at one file. */
export interface Inspecting {
  readonly budget: Budget;
  /** Notes something; the same thing twice counts once. */
  find(code: FindingCode, detail: string): void;
  /** Looks at something inside, by its content. `name` is said in what is found there. Bounded in depth. */
  inside(source: ByteSource, name: string): Promise<Report>;
}

export type Inspector = (source: ByteSource, inspecting: Inspecting) => Promise<Report>;

/** What a structure that makes no sense is told by. An inspector may throw it anywhere; what it found before stays. */
export class BrokenStructure extends Error {
  readonly code: FindingCode;

  constructor(detail: string, code: FindingCode = 'broken_structure') {
    super(detail);
    this.code = code;
  }
}

/** Of something that no inspector knows; `doubt` is absent where it is harmless by what it is, as plain text. */
export const toUnknown = (metadata: Report['metadata'], doubt?: Report['doubt']): Report => ({
  format: 'unknown',
  framework: 'other',
  parameterCount: null,
  metadata,
  ...(doubt && { doubt }),
});

const MAX_DETAIL = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text from a file as people may see it: short, and without anything that moves a cursor or turns letters around. */
export function toDetail(text: string): string {
  const clean = text
    .slice(0, 4 * MAX_DETAIL)
    .replace(UNPRINTABLE, '\ufffd')
    .toWellFormed();
  return clean.length > MAX_DETAIL ? `${clean.slice(0, MAX_DETAIL - 1)}…` : clean;
}
