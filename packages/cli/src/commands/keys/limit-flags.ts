import type { KeyLimits } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { flag } from '../../verb.ts';

const count = z.coerce.number().pipe(z.int().min(1)).optional();

/** How much may be used: of a key, a person or a service account. */
export const limitFlags = {
  requestsPerMinute: flag(
    '--requests-per-minute <number>',
    count,
    text('At most so many requests a minute', 'No máximo tantas requisições por minuto'),
  ),
  requestsPerDay: flag(
    '--requests-per-day <number>',
    count,
    text('At most so many requests a day', 'No máximo tantas requisições por dia'),
  ),
  requestsPerMonth: flag(
    '--requests-per-month <number>',
    count,
    text('At most so many requests a month', 'No máximo tantas requisições por mês'),
  ),
  tokensPerMinute: flag(
    '--tokens-per-minute <number>',
    count,
    text('At most so many tokens a minute', 'No máximo tantos tokens por minuto'),
  ),
  tokensPerDay: flag('--tokens-per-day <number>', count, text('At most so many tokens a day', 'No máximo tantos tokens por dia')),
  tokensPerMonth: flag('--tokens-per-month <number>', count, text('At most so many tokens a month', 'No máximo tantos tokens por mês')),
  budgetTokens: flag(
    '--budget-tokens <number>',
    count,
    text('So many tokens in all, until somebody raises it', 'Tantos tokens ao todo, até alguém aumentar'),
  ),
} as const;

type GivenLimits = { readonly [Name in keyof typeof limitFlags]: number | undefined };

/** Those that were given. */
export const toLimits = ({
  requestsPerMinute,
  requestsPerDay,
  requestsPerMonth,
  tokensPerMinute,
  tokensPerDay,
  tokensPerMonth,
  budgetTokens,
}: GivenLimits): KeyLimits =>
  Object.fromEntries(
    Object.entries({
      requestsPerMinute,
      requestsPerDay,
      requestsPerMonth,
      tokensPerMinute,
      tokensPerDay,
      tokensPerMonth,
      budgetTokens,
    }).filter(([, value]) => value !== undefined),
  );
