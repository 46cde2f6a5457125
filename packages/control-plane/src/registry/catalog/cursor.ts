import { createHash } from 'node:crypto';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import { z } from 'zod';

/*
 * A cursor says after which row a page begins, and of which list. It is no right: what a caller may see is asked for each page anew, so it
 * needs no signature, only to be one of ours.
 */
const cursorShape = z.tuple([z.string().length(12), z.union([z.string().max(300), z.number()]), z.int().min(0)]);

export interface CursorPlace {
  readonly key: string | number;
  /** Tells rows with one key apart. */
  readonly number: number;
}

/** Of everything that makes a list another one. */
const nameList = (list: unknown) => createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 12);

export const toCursor = (list: unknown, { key, number }: CursorPlace): string =>
  Buffer.from(JSON.stringify([nameList(list), key, number])).toString('base64url');

const foreign = () => new ClusterError('cursor_invalid', phrase('cursor_is_foreign'), { hint: phrase('begin_again'), param: 'cursor' });

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw foreign();
  }
}

/** Throws `cursor_invalid` for what is none of ours, or of another list. */
export function readCursor(list: unknown, text: string | undefined, keyType: 'string' | 'number'): CursorPlace | undefined {
  if (text === undefined) return undefined;
  const found = cursorShape.safeParse(decode(text));
  if (!found.success || found.data[0] !== nameList(list) || typeof found.data[1] !== keyType) throw foreign();
  return { key: found.data[1], number: found.data[2] };
}
