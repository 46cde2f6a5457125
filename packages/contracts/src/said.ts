import { z } from 'zod';

// apart from phrases.ts: what a browser loads first says phrases, and checks no shapes

export const phraseShape = z
  .object({
    code: z.string().describe('From one table; stable, never translated.'),
    values: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  })
  .meta({ id: 'Phrase' });
/** A sentence by its code, with the values for its places. */
export type Phrase = z.infer<typeof phraseShape>;

export const saidShape = z
  .object({ message: z.array(phraseShape), hint: z.array(phraseShape) })
  .describe('A message and its hint by their codes, for clients that speak another language.')
  .meta({ id: 'Said' });
/** The codes behind an English message and hint. A part that has none is empty. */
export type Said = z.infer<typeof saidShape>;
