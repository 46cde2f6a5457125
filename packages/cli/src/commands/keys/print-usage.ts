import type { LimitUse, limitNames, UsageReport } from '@cluster-ai/contracts';
import { printTable } from '../../output/format.ts';
import { fill, type Text, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const headings = [text('SPAN', 'PERÍODO'), text('REQUESTS', 'REQUISIÇÕES'), text('TOKENS', 'TOKENS')];
const spans = {
  minute: text('this minute', 'este minuto'),
  day: text('today', 'hoje'),
  month: text('this month', 'este mês'),
  ever: text('in all', 'ao todo'),
} as const;

const limits: Readonly<Record<(typeof limitNames)[number], Text>> = {
  requestsPerMinute: text('requests a minute', 'requisições por minuto'),
  requestsPerDay: text('requests a day', 'requisições por dia'),
  requestsPerMonth: text('requests a month', 'requisições por mês'),
  tokensPerMinute: text('tokens a minute', 'tokens por minuto'),
  tokensPerDay: text('tokens a day', 'tokens por dia'),
  tokensPerMonth: text('tokens a month', 'tokens por mês'),
  budgetTokens: text('tokens in all', 'tokens ao todo'),
};
const texts = {
  limit: text('{used} of {limit} {what}; begins anew at {time}.', '{used} de {limit} {what}; recomeça em {time}.'),
  budget: text('{used} of {limit} {what}.', '{used} de {limit} {what}.'),
  none: text('There are no limits. Times are in UTC.', 'Não há limites. Os horários são em UTC.'),
};

function printLimit({ terminal }: Context, { name, limit, used, resetsAt }: LimitUse): void {
  const values = { used, limit, what: terminal.say(limits[name]), time: resetsAt?.replace('.000Z', 'Z') ?? '' };
  const line = fill(terminal.say(resetsAt === null ? texts.budget : texts.limit), values);
  terminal.data(used >= limit ? terminal.style('red', line) : line);
}

/** What was used, now and lately, and how much of each limit that is. */
export function printUsage(context: Context, usage: UsageReport): void {
  const { terminal } = context;
  const now = Object.entries(spans).map(([span, title]) => {
    const { requests, tokens } = usage[span as keyof typeof spans];
    return [terminal.say(title), String(requests), String(tokens)];
  });
  const days = usage.days.map(({ day, requests, tokens }) => [day, String(requests), String(tokens)]);
  printTable(terminal, headings.map(terminal.say), [...now, ...days]);
  if (usage.limits.length === 0) terminal.data(terminal.say(texts.none));
  for (const limit of usage.limits) printLimit(context, limit);
}
