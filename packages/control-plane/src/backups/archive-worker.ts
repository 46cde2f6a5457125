import { createHash, type Hash, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Header } from 'tar/header';
import { signManifest } from './archive-seal.ts';

/** A file to be packed. `digest` is what its bytes must have, where that is known already. */
export interface PackEntry {
  readonly name: string;
  readonly path: string;
  readonly digest?: string;
}

interface PackedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly digest: string;
}

/** A file to be unpacked: where it goes, and what its bytes must be. */
interface UnpackEntry extends PackedFile {
  readonly target: string;
}

export type ArchiveJob =
  | {
      readonly type: 'pack';
      readonly archive: string;
      readonly entries: readonly PackEntry[];
      /** What the manifest says beside the list of files. */
      readonly head: Readonly<Record<string, unknown>>;
      /** Proves the manifest, and by its digests everything else. */
      readonly signingKey: KeyObject;
      readonly nowMs: number;
    }
  | { readonly type: 'unpack'; readonly archive: string; readonly entries: readonly UnpackEntry[] }
  | { readonly type: 'read-manifest'; readonly archive: string };

export type ArchiveAnswer =
  | { readonly packed: { readonly digest: string; readonly sizeBytes: number; readonly files: number } }
  | { readonly unpacked: true }
  | { readonly manifest: string /** Empty where there is none. */; readonly signature: string }
  | ArchiveProblem;

export type ArchiveProblem =
  /** The bytes of this file are not those of its digest. */
  | { readonly mismatch: string }
  | { readonly damage: string }
  | { readonly failure: { readonly message: string; readonly code: string | undefined; readonly path: string } };

const MANIFEST_NAME = 'manifest.json';
const MANIFEST_DIGEST_NAME = 'manifest.json.sha256';
const SIGNATURE_NAME = 'manifest.json.hmac';

const BLOCK_BYTES = 512;
const CHUNK_BYTES = 1024 * 1024;

/** Ends the job with what is wrong. */
class Refusal extends Error {
  readonly problem: ArchiveProblem;

  constructor(problem: ArchiveProblem) {
    super('refused');
    this.problem = problem;
  }
}

const toDigest = (hash: Hash) => `sha256:${hash.digest('hex')}`;
const digestOf = (bytes: Uint8Array) => toDigest(createHash('sha256').update(bytes));
const paddingOf = (sizeBytes: number) => (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;

/** Runs the work and, when the file system refuses, says at which file that was. */
function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    throw new Refusal({ failure: { message: error instanceof Error ? error.message : String(error), code, path } });
  }
}

function withFile<T>(path: string, flags: number, work: (descriptor: number) => T): T {
  const descriptor = at(path, () => openSync(path, flags, 0o600));
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, path: string, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += at(path, () => writeSync(descriptor, bytes, written));
}

function* readChunks(descriptor: number, path: string): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const bytes = at(path, () => readSync(descriptor, chunk));
    if (bytes === 0) return;
    yield chunk.subarray(0, bytes);
  }
}

function digestFile({ name, path, digest }: PackEntry): PackedFile {
  return withFile(path, constants.O_RDONLY, (descriptor) => {
    const { size } = at(path, () => fstatSync(descriptor));
    if (digest !== undefined) return { name, sizeBytes: size, digest };
    const hash = createHash('sha256');
    for (const bytes of readChunks(descriptor, path)) hash.update(bytes);
    return { name, sizeBytes: size, digest: toDigest(hash) };
  });
}

type Write = (bytes: Uint8Array) => void;

function writeHeader(write: Write, name: string, sizeBytes: number, nowMs: number): void {
  const header = new Header({ path: name, size: sizeBytes, mode: 0o600, type: 'File', mtime: new Date(nowMs) });
  header.encode();
  if (header.block) write(header.block);
}

function writeText(write: Write, name: string, text: string, nowMs: number): void {
  const bytes = Buffer.from(text, 'utf8');
  writeHeader(write, name, bytes.length, nowMs);
  write(bytes);
  write(Buffer.alloc(paddingOf(bytes.length)));
}

function writeFile(write: Write, { name, sizeBytes, digest, path }: PackedFile & PackEntry, nowMs: number): void {
  withFile(path, constants.O_RDONLY, (descriptor) => {
    writeHeader(write, name, sizeBytes, nowMs);
    const hash = createHash('sha256');
    for (const bytes of readChunks(descriptor, path)) {
      hash.update(bytes);
      write(bytes);
    }
    if (toDigest(hash) !== digest) throw new Refusal({ mismatch: name });
    write(Buffer.alloc(paddingOf(sizeBytes)));
  });
}

function pack({ archive, entries, head, signingKey, nowMs }: ArchiveJob & { type: 'pack' }): ArchiveAnswer {
  const files = entries.map((entry) => ({ ...entry, ...digestFile(entry) }));
  return withFile(archive, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (descriptor) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const write: Write = (bytes) => {
      hash.update(bytes);
      sizeBytes += bytes.length;
      writeAll(descriptor, archive, bytes);
    };
    const manifest = JSON.stringify(
      { ...head, files: files.map(({ name, sizeBytes, digest }) => ({ name, sizeBytes, digest })) },
      undefined,
      1,
    );
    writeText(write, MANIFEST_NAME, manifest, nowMs);
    writeText(write, MANIFEST_DIGEST_NAME, digestOf(Buffer.from(manifest, 'utf8')), nowMs);
    writeText(write, SIGNATURE_NAME, signManifest(signingKey, manifest), nowMs);
    for (const file of files) writeFile(write, file, nowMs);
    write(Buffer.alloc(2 * BLOCK_BYTES)); // the end of a tar file
    at(archive, () => fsyncSync(descriptor));
    return { packed: { digest: toDigest(hash), sizeBytes, files: files.length } };
  });
}

/** The archive from front to back; what ends too early or does not hang together is damage. */
class ArchiveReader {
  #descriptor: number;
  #path: string;
  #position = 0;

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  #read(bytes: Buffer, what: string): Buffer {
    for (let have = 0; have < bytes.length; ) {
      const more = at(this.#path, () => readSync(this.#descriptor, bytes, have, bytes.length - have, this.#position));
      if (more === 0) throw new Refusal({ damage: `it ends in the middle of ${what}` });
      have += more;
      this.#position += more;
    }
    return bytes;
  }

  /** Whether the file of this name comes next. */
  isNext(name: string): boolean {
    const before = this.#position;
    const isIt = this.next()?.name === name;
    this.#position = before;
    return isIt;
  }

  /** `undefined` at the end. */
  next(): { name: string; sizeBytes: number } | undefined {
    const header = new Header(this.#read(Buffer.alloc(BLOCK_BYTES), 'the list of its files'));
    if (header.nullBlock) return undefined;
    if (!header.cksumValid || header.type !== 'File' || header.size === undefined)
      throw new Refusal({ damage: `what stands at byte ${this.#position - BLOCK_BYTES} is no file of a backup` });
    return { name: header.path ?? '', sizeBytes: header.size };
  }

  *body(name: string, sizeBytes: number): Generator<Buffer> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let rest = sizeBytes; rest > 0; rest -= Math.min(rest, CHUNK_BYTES))
      yield this.#read(chunk.subarray(0, Math.min(rest, CHUNK_BYTES)), name);
    this.#position += paddingOf(sizeBytes);
  }
}

const MOST_MANIFEST_BYTES = 64 * 1024 * 1024;

function readText(reader: ArchiveReader, wanted: string): string {
  const entry = reader.next();
  if (entry?.name !== wanted || entry.sizeBytes > MOST_MANIFEST_BYTES)
    throw new Refusal({ damage: `it does not begin with ${MANIFEST_NAME}` });
  return Buffer.concat([...reader.body(wanted, entry.sizeBytes)].map((chunk) => Buffer.from(chunk))).toString('utf8');
}

function readManifest(reader: ArchiveReader): { manifest: string; signature: string } {
  const manifest = readText(reader, MANIFEST_NAME);
  if (readText(reader, MANIFEST_DIGEST_NAME) !== digestOf(Buffer.from(manifest, 'utf8'))) throw new Refusal({ mismatch: MANIFEST_NAME });
  return { manifest, signature: reader.isNext(SIGNATURE_NAME) ? readText(reader, SIGNATURE_NAME) : '' };
}

function unpackFile(reader: ArchiveReader, { name, target, sizeBytes, digest }: UnpackEntry): void {
  at(target, () => mkdirSync(dirname(target), { recursive: true, mode: 0o700 }));
  withFile(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (descriptor) => {
    const hash = createHash('sha256');
    for (const bytes of reader.body(name, sizeBytes)) {
      hash.update(bytes);
      writeAll(descriptor, target, bytes);
    }
    if (toDigest(hash) !== digest) throw new Refusal({ mismatch: name });
    at(target, () => fsyncSync(descriptor));
  });
}

function unpack({ archive, entries }: ArchiveJob & { type: 'unpack' }): ArchiveAnswer {
  const expected = new Map(entries.map((entry) => [entry.name, entry]));
  return withFile(archive, constants.O_RDONLY, (descriptor) => {
    const reader = new ArchiveReader(descriptor, archive);
    readManifest(reader);
    for (let found = reader.next(); found !== undefined; found = reader.next()) {
      const entry = expected.get(found.name);
      if (!entry || entry.sizeBytes !== found.sizeBytes) throw new Refusal({ mismatch: found.name });
      expected.delete(found.name);
      unpackFile(reader, entry);
    }
    const [missing] = expected.keys();
    if (missing !== undefined) throw new Refusal({ damage: `${missing} is missing in it` });
    return { unpacked: true };
  });
}

function run(job: ArchiveJob): ArchiveAnswer {
  switch (job.type) {
    case 'pack':
      return pack(job);
    case 'unpack':
      return unpack(job);
    case 'read-manifest':
      return withFile(job.archive, constants.O_RDONLY, (descriptor) => readManifest(new ArchiveReader(descriptor, job.archive)));
  }
}

function answer(job: ArchiveJob): ArchiveAnswer {
  try {
    return run(job);
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
}

parentPort?.postMessage(answer(workerData as ArchiveJob));
