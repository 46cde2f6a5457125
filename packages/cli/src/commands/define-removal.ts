import type { ClusterClient } from '@cluster-ai/client';
import { z } from 'zod';
import { confirm } from '../output/confirm.ts';
import { fill, type Text } from '../output/language.ts';
import { type Context, defineVerb, type Positional } from '../verb.ts';

/** What is told of something that went. */
export const removedByName = z.object({ name: z.string(), removed: z.literal(true) });
export const removedById = z.object({ id: z.string(), name: z.string(), removed: z.literal(true) });

interface Named {
  readonly id?: string;
  readonly name: string;
}

export interface Removal<Found extends Named> {
  readonly path: string;
  readonly summary: Text;
  readonly examples: readonly string[];
  readonly positional: Positional;
  /** Asked before, with the name in it. */
  readonly question: Text | ((found: Found) => Text);
  /** Said afterwards, with what was found in it. */
  readonly removed: Text;
  readonly output: z.ZodType<Found & { readonly removed: true }>;
  /** What goes, by what was typed: an unknown one is said before anybody is asked. */
  find(client: ClusterClient, wanted: string, context: Context): Promise<Found>;
  remove(client: ClusterClient, found: Found, context: Context): Promise<void>;
}

/** A verb that removes one thing for good, after asking. */
export function defineRemoval<Found extends Named>(removal: Removal<Found>) {
  const { path, summary, examples, positional, question, removed, output, find, remove } = removal;
  return defineVerb({
    path,
    summary,
    examples,
    positionals: [positional],
    output,
    async run(context, [wanted = '']) {
      const client = context.connect();
      const found = await find(client, wanted, context);
      await confirm(context, typeof question === 'function' ? question(found) : question, { name: found.name });
      await remove(client, found, context);
      return { ...found, removed: true as const };
    },
    print: ({ terminal }, value) => terminal.data(fill(terminal.say(removed), { id: value.id ?? '', name: value.name })),
  });
}
