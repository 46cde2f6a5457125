import { createHash } from 'node:crypto';
import { appendFile, type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const MIB = 1024 * 1024;
const SMALLEST_PART = 8 * MIB;
const LARGEST_PART = 64 * MIB;
const PARTS = 64;
const READ_BYTES = MIB;

export interface Part {
  readonly offset: number;
  readonly length: number;
}

/** Which bytes these are; parts of other ones are of no use. */
export interface PartFileIdentity {
  readonly sizeBytes: number;
  /** An ETag or a time of change; empty where the digest says it. */
  readonly validator: string;
}

/** What is here of a file that is being fetched: the bytes, and beside them which parts are whole, with their digests. */
export interface PartFile extends AsyncDisposable {
  readonly path: string;
  /** In order. */
  readonly missing: readonly Part[];
  /** Bytes of the parts that were here already, and still are what they were. */
  readonly keptBytes: number;
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Remembers that a part is whole. */
  complete(part: Part, sha256: string): Promise<void>;
}

const headShape = z.object({ sizeBytes: z.int(), validator: z.string(), partBytes: z.int() });
const lineShape = z.object({ offset: z.int(), length: z.int(), sha256: z.string() });

/** A sane size: enough parts to share them out, none so small that asking costs more than fetching. */
export const partBytesFor = (sizeBytes: number): number =>
  Math.min(LARGEST_PART, Math.max(SMALLEST_PART, Math.ceil(sizeBytes / PARTS / MIB) * MIB));

export const dataPathOf = (base: string) => `${base}.data`;
const partsPathOf = (base: string) => `${base}.parts`;

export async function removePartFile(base: string): Promise<void> {
  await rm(dataPathOf(base), { force: true });
  await rm(partsPathOf(base), { force: true });
}

function listParts({ sizeBytes }: PartFileIdentity, partBytes: number): readonly Part[] {
  const count = Math.ceil(sizeBytes / partBytes);
  return Array.from({ length: count }, (_, at) => ({ offset: at * partBytes, length: Math.min(partBytes, sizeBytes - at * partBytes) }));
}

function readLine<Shape extends z.ZodType>(shape: Shape, line: string): z.output<Shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // a line that a power cut left half
  }
}

/** What was written down of earlier tries with the same bytes, by offset. */
async function readKnown(
  base: string,
  identity: PartFileIdentity,
  partBytes: number,
): Promise<ReadonlyMap<number, z.output<typeof lineShape>>> {
  const [first = '', ...rest] = (await readFile(partsPathOf(base), 'utf8').catch(() => '')).split('\n');
  const head = readLine(headShape, first);
  const isSame = head?.sizeBytes === identity.sizeBytes && head.validator === identity.validator && head.partBytes === partBytes;
  if (!isSame) return new Map();
  return new Map(rest.flatMap((line) => readLine(lineShape, line) ?? []).map((entry) => [entry.offset, entry]));
}

async function digestPart(handle: FileHandle, { offset, length }: Part, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, length));
  for (let done = 0; done < length; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - done), offset + done);
    if (bytesRead === 0) return '';
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}

/**
 * Opens what there is of a file, or begins it. A part of an earlier try counts only when its bytes still have the digest that was written down
 * for them: a power cut may have forgotten them, and anybody may have written there.
 */
export async function openPartFile(base: string, identity: PartFileIdentity, signal: AbortSignal): Promise<PartFile> {
  const partBytes = partBytesFor(identity.sizeBytes);
  const known = await readKnown(base, identity, partBytes);
  if (known.size === 0) {
    await removePartFile(base);
    await writeFile(partsPathOf(base), `${JSON.stringify({ ...identity, partBytes })}\n`, { mode: 0o600 });
  }
  const handle = await open(dataPathOf(base), known.size === 0 ? 'w+' : 'r+', 0o600);
  try {
    const missing: Part[] = [];
    let keptBytes = 0;
    for (const part of listParts(identity, partBytes)) {
      const entry = known.get(part.offset);
      const isKept = entry !== undefined && entry.length === part.length && (await digestPart(handle, part, signal)) === entry.sha256;
      if (isKept) keptBytes += part.length;
      else missing.push(part);
    }
    return {
      path: dataPathOf(base),
      missing,
      keptBytes,
      write: async (position, bytes) => {
        for (let done = 0; done < bytes.length; )
          done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
      },
      complete: (part, sha256) => appendFile(partsPathOf(base), `${JSON.stringify({ ...part, sha256 })}\n`),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
