import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { parseJson } from '../../../listeners/parse-json.ts';
import { refused } from './remote-errors.ts';

/** JSON of a stranger, held to a shape. Throws `source_refused` that names the first wrong field. */
export function readJson<Shape extends z.ZodType>(bytes: Buffer, shape: Shape, host: string, what: string): z.output<Shape> {
  let value: unknown;
  try {
    value = parseJson(bytes); // counted and searched before it is built
  } catch {
    throw refused(host, `a ${what} that is not valid JSON`);
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused(host, `a ${what} with a wrong "${issue?.path.join('.') ?? ''}" (${issue?.message ?? 'not valid'})`);
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
