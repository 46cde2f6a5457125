import type { FindingCode, Inspection } from '@cluster-ai/contracts';
import { judgeReasons } from '@cluster-ai/contracts';
import { inspectGgufSource, looksLikeGguf } from './gguf/inspect-gguf-source.ts';
import { inspectHdf5, looksLikeHdf5 } from './hdf5/inspect-hdf5.ts';
import { type Budget, BudgetSpent, createBudget, defaultLimits, type InspectionLimits } from './inspection/budget.ts';
import { BrokenStructure, type Inspecting, type Inspector, type Report, toDetail, toUnknown } from './inspection/report.ts';
import { inspectNumpy, looksLikeNumpy } from './numpy/inspect-numpy.ts';
import { inspectOnnx, looksLikeOnnx } from './onnx/inspect-onnx.ts';
import { inspectPacked, looksPacked } from './packed/inspect-packed.ts';
import { beginsBinaryPickle, inspectPickle, isOldPickle } from './pickle/inspect-pickle.ts';
import { inspectSafetensors, looksLikeSafetensors } from './safetensors/inspect-safetensors.ts';
import { type ByteSource, bufferSource, isOutside } from './source/byte-source.ts';
import { inspectTar, looksLikeTar } from './tar/inspect-tar.ts';
import { inspectSavedModel, looksLikeSavedModel } from './tensorflow/inspect-saved-model.ts';
import { inspectText, looksLikeText } from './text/inspect-text.ts';
import { inspectZip } from './zip/inspect-zip.ts';
import { findEnd } from './zip/read-directory.ts';

interface Format {
  readonly name: Report['format'];
  readonly matches: (source: ByteSource, budget: Budget) => boolean;
  readonly inspect: Inspector;
}

const beginsZip = (source: ByteSource) =>
  source.sizeBytes >= 4 && ['504b0304', '504b0506', '504b0708'].includes(source.read(0, 4).toString('hex'));

/** The first that matches is it. Those with a mark of their own come before those that are known by hanging together. */
const formats: readonly Format[] = [
  { name: 'gguf', matches: looksLikeGguf, inspect: inspectGgufSource },
  { name: 'zip', matches: beginsZip, inspect: inspectZip },
  { name: 'keras', matches: looksLikeHdf5, inspect: inspectHdf5 },
  { name: 'unknown', matches: looksLikeNumpy, inspect: inspectNumpy },
  { name: 'unknown', matches: looksPacked, inspect: inspectPacked },
  { name: 'tar', matches: looksLikeTar, inspect: inspectTar },
  { name: 'pickle', matches: beginsBinaryPickle, inspect: inspectPickle },
  { name: 'safetensors', matches: looksLikeSafetensors, inspect: inspectSafetensors },
  { name: 'tensorflow', matches: looksLikeSavedModel, inspect: inspectSavedModel },
  { name: 'onnx', matches: looksLikeOnnx, inspect: inspectOnnx },
  { name: 'pickle', matches: isOldPickle, inspect: inspectPickle },
  { name: 'unknown', matches: looksLikeText, inspect: inspectText },
];

const MAX_REASONS = 200;

function createFindings() {
  const found = new Map<string, { readonly code: FindingCode; readonly detail: string }>();
  let dangerous: { readonly code: FindingCode; readonly detail: string } | undefined;
  return {
    find: (code: FindingCode, detail: string) => {
      const reason = { code, detail: toDetail(detail) };
      if (judgeReasons([reason]) === 'dangerous') dangerous ??= reason;
      if (found.size < MAX_REASONS) found.set(`${code} ${detail}`, reason);
    },
    /** The worst is among them, also where there were too many to keep. */
    list: () => {
      const kept = [...found.values()];
      return dangerous !== undefined && judgeReasons(kept) !== 'dangerous' ? [dangerous, ...kept] : kept;
    },
  };
}

/** What was thrown as a finding. Anything else is an error of ours, and is thrown on. */
function tellThrown(error: unknown, find: Inspecting['find']): void {
  if (error instanceof BudgetSpent) find('too_large_to_inspect', error.message);
  else if (error instanceof BrokenStructure) find(error.code, error.message);
  else if (isOutside(error)) find('broken_structure', error.message);
  else throw error;
}

/** What an inspector threw ends it, and is told; a budget that is spent ends those around it as well, at their next step. */
async function runInspector(format: Format, source: ByteSource, inspecting: Inspecting): Promise<Report> {
  try {
    return await format.inspect(source, inspecting);
  } catch (error) {
    tellThrown(error, inspecting.find);
    return { ...toUnknown({}), format: format.name, framework: frameworkOf(format.name) };
  }
}

function frameworkOf(format: Report['format']): Report['framework'] {
  if (format === 'keras') return 'tensorflow';
  const isOwn = format === 'gguf' || format === 'safetensors' || format === 'onnx' || format === 'pytorch' || format === 'tensorflow';
  return isOwn ? format : 'other';
}

/** What begins as one thing and ends as a zip is opened as a zip by whoever looks at the end first. */
async function lookAtEnd(source: ByteSource, format: Format, inspecting: Inspecting): Promise<void> {
  if (format.inspect === inspectZip || format.inspect === inspectTar || findEnd(source) === undefined) return;
  inspecting.find('two_formats', `${format.name}, zip`);
  await inspectZip(source, inspecting);
}

async function inspectAny(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const format = formats.find(({ matches }) => matches(source, inspecting.budget));
  if (!format) {
    if (findEnd(source) !== undefined) return inspectZip(source, inspecting);
    const start = source.read(0, Math.min(8, source.sizeBytes)).toString('hex');
    return toUnknown({}, { code: 'unknown_format', detail: start === '' ? 'empty' : `it begins with ${start}` });
  }
  const report = await runInspector(format, source, inspecting);
  await lookAtEnd(source, format, inspecting);
  return report;
}

function createInspecting(budget: Budget, find: Inspecting['find'], depth: number): Inspecting {
  const inside = async (source: ByteSource, name: string): Promise<Report> => {
    if (depth >= budget.limits.maxDepth) {
      find('too_large_to_inspect', `${toDetail(name)}: containers in containers`);
      return toUnknown({});
    }
    const label = toDetail(name);
    return inspectAny(
      source,
      createInspecting(budget, (code, detail) => find(code, `${label}: ${detail}`), depth + 1),
    );
  };
  return { budget, find, inside };
}

const STEP_BYTES = 4096;

/** Every read counts as work, so that one which leads around in circles comes to an end by itself. */
function countReads(source: ByteSource, budget: Budget): ByteSource {
  return {
    sizeBytes: source.sizeBytes,
    read: (offset, length) => {
      budget.spend('steps', 1 + Math.max(0, Math.floor(length / STEP_BYTES)));
      return source.read(offset, length);
    },
  };
}

/**
 * Finds out by reading alone what bytes are and whether they may be trusted. What it is is decided by the content. Never throws for what
 * is wrong with them: that is in the reasons.
 */
export async function inspectSource(source: ByteSource, limits: InspectionLimits = defaultLimits): Promise<Inspection> {
  const findings = createFindings();
  const budget = createBudget(limits);
  const report = await attemptAll(countReads(source, budget), createInspecting(budget, findings.find, 0));
  if (report.doubt) findings.find(report.doubt.code, report.doubt.detail);
  const reasons = findings.list();
  const { format, framework, parameterCount, metadata } = report;
  return { format, framework, parameterCount, metadata, verdict: judgeReasons(reasons), reasons };
}

async function attemptAll(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  try {
    return await inspectAny(source, inspecting);
  } catch (error) {
    tellThrown(error, inspecting.find);
    return toUnknown({});
  }
}

export const inspectBytes = (bytes: Buffer, limits?: InspectionLimits): Promise<Inspection> => inspectSource(bufferSource(bytes), limits);
