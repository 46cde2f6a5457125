import type { Prompt } from '@cluster-ai/client';
import { ClusterError, generateAnswerShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { completeModel } from '../models/complete-model.ts';
import { converse } from './converse.ts';

type Answer = z.infer<typeof generateAnswerShape>;

/** What was piped in, if anything was. */
async function readPiped(): Promise<string> {
  if (process.stdin.isTTY) return '';
  let piped = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) piped += chunk;
  return piped.trim();
}

async function stream(context: Context, prompt: Prompt): Promise<undefined> {
  const { terminal, signal } = context;
  // the last part repeats the whole answer
  for await (const part of context.connect().generateStream(prompt, { signal })) if (part.done !== true) terminal.piece(part.response);
  terminal.data('');
  return undefined;
}

const number = (shape: z.ZodNumber | z.ZodInt) => z.coerce.number().pipe(shape).optional();

function toOptions({
  system,
  temperature,
  maxTokens,
  seed,
}: {
  system?: string | undefined;
  temperature?: number | undefined;
  maxTokens?: number | undefined;
  seed?: number | undefined;
}) {
  return {
    ...(system === undefined ? {} : { system }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(seed === undefined ? {} : { seed }),
  };
}

export const run = defineVerb({
  path: 'run',
  summary: text('Ask a model, or chat with it', 'Pergunta a um modelo, ou conversa com ele'),
  examples: [
    'cluster-ai run starter',
    'cluster-ai run starter "Why is the sky blue?"',
    'git diff | cluster-ai run starter "Summarise:"',
    'cluster-ai run starter "Hello" --json',
  ],
  positionals: [
    { name: '<model>', description: text('Which model', 'Qual modelo'), complete: completeModel },
    {
      name: '[prompt...]',
      description: text(
        'What to ask; without it a chat begins. What is piped in is added',
        'O que perguntar; sem isto começa uma conversa. O que vem por pipe é acrescentado',
      ),
    },
  ],
  flags: {
    system: flag('--system <text>', z.string().optional(), text('How the model should behave', 'Como o modelo deve se comportar')),
    temperature: flag(
      '--temperature <number>',
      number(z.number().min(0).max(5)),
      text('0 always picks the likeliest word', '0 escolhe sempre a palavra mais provável'),
    ),
    maxTokens: flag('--max-tokens <number>', number(z.int().min(1)), text('Longest answer', 'Tamanho máximo da resposta')),
    seed: flag('--seed <number>', number(z.int()), text('The same seed gives the same answer', 'A mesma semente dá a mesma resposta')),
  },
  output: generateAnswerShape,
  async run(context, [model = '', ...words], options): Promise<Answer | undefined> {
    const prompt = [words.join(' '), await readPiped()].filter((part) => part !== '').join('\n\n');
    const wishes = toOptions(options);
    if (prompt !== '') {
      const request = { model, prompt, options: wishes };
      return context.isJson ? context.connect().generate(request, { signal: context.signal }) : stream(context, request);
    }
    if (context.isJson || !context.terminal.isInteractive) {
      throw new ClusterError('invalid_request', 'There is nothing to ask: no prompt was given, and this is no terminal to chat on.', {
        hint: `cluster-ai run ${model} "What to ask"`,
        param: 'prompt',
      });
    }
    await converse(context, model, wishes);
    return undefined;
  },
  print: ({ terminal }, { response }) => terminal.data(response),
});
