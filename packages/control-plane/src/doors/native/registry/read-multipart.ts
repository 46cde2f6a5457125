import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import { Busboy, type BusboyInstance } from '@fastify/busboy';

/** A form may not make us remember more than this. */
export const formLimits = {
  fields: 32,
  fieldNameSize: 100,
  fieldSize: 64 * 1024,
  files: 100,
  parts: 132,
  headerPairs: 20,
  headerSize: 16 * 1024,
};

export interface IncomingFile {
  readonly field: string;
  /** As the form says it, without folders. */
  readonly fileName: string;
  /** Must be read to its end, or destroyed. */
  readonly bytes: Readable;
}

const tooLarge = (what: string) =>
  new ClusterError('payload_too_large', `The form has too much of one thing: ${what}.`, {
    hint: `At most ${formLimits.files} files and ${formLimits.fields} fields of ${formLimits.fieldSize / 1024} KiB. More files: upload them one by one, then publish.`,
  });

const broken = (cause: unknown) =>
  new ClusterError('invalid_request', 'The form broke off, or is not written as multipart/form-data.', {
    hint: 'Send it again; large files go on from where they broke off through /uploads.',
    cause,
  });

function createParser({ headers }: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({ headers: headers as typeof headers & { 'content-type': string }, limits: formLimits });
  } catch (error) {
    throw broken(error); // no boundary
  }
}

/**
 * Reads a form as it comes: `take` gets each file while it arrives, one after the other, and nothing of it is kept here. Gives the other fields.
 * Throws `payload_too_large`, `invalid_request`, and what `take` throws; files that were not read to their end are destroyed then.
 */
export async function readMultipart(
  request: IncomingMessage,
  take: (file: IncomingFile) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const parser = createParser(request);
  const fields = new Map<string, string>();
  const open = new Set<Readable>();
  const taken: Promise<void>[] = [];
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    for (const file of open) file.destroy(error instanceof Error ? error : undefined);
    parser.destroy(error instanceof Error ? error : undefined);
  };
  parser.on('file', (field, bytes, fileName) => {
    open.add(bytes);
    bytes.on('error', () => {}); // whoever reads it hears of it as well
    bytes.once('close', () => open.delete(bytes));
    if (!fileName) return fail(new ClusterError('invalid_request', 'A file of the form has no name.', { param: field.slice(0, 80) }));
    const work = take({ field, fileName, bytes });
    work.catch(fail);
    taken.push(work);
  });
  parser.on('field', (name, value, isNameCut, isValueCut) => {
    if (isNameCut || isValueCut) return fail(tooLarge('a field is too long'));
    if (fields.has(name))
      return fail(
        new ClusterError('invalid_request', `The form has the field "${name.slice(0, 80)}" twice.`, { param: name.slice(0, 80) }),
      );
    fields.set(name, value);
  });
  for (const [event, what] of [
    ['partsLimit', 'parts'],
    ['filesLimit', 'files'],
    ['fieldsLimit', 'fields'],
  ] as const)
    parser.on(event, () => fail(tooLarge(what)));
  try {
    await pipeline(request, parser);
  } catch (error) {
    fail(error);
  }
  const results = await Promise.allSettled(taken);
  const rejected = results.find((result) => result.status === 'rejected');
  failure ??= rejected?.reason;
  if (failure === undefined) return fields;
  const isSaid = isClusterError(failure) && failure.code !== 'cancelled'; // whoever takes the bytes calls it so when they end too soon
  throw isSaid ? failure : broken(failure);
}
