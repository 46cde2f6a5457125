import { type AuditFilter, auditFilterShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { flag } from '../../verb.ts';

const unitMs = { m: 60_000, h: 60 * 60_000, d: 24 * 60 * 60_000 } as const;

/** A time (`2026-11-28`, `2026-11-28T10:00:00Z`), or how long ago (`30m`, `12h`, `7d`). */
function toTime(given: string): string | undefined {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const ms = count === undefined ? Date.parse(given) : Date.now() - Number(count) * unitMs[unit as keyof typeof unitMs];
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

const time = z
  .string()
  .refine((given) => toTime(given) !== undefined, 'write a time such as 2026-11-28T10:00:00Z, or how long ago such as 12h or 7d')
  .transform((given) => toTime(given) ?? given)
  .optional();

/** Options of every verb that reads the record. */
export const filterFlags = {
  actor: flag('--actor <who>', auditFilterShape.shape.actor, text('Who did it: an id or a name', 'Quem fez: um id ou um nome')),
  action: flag('--action <text>', auditFilterShape.shape.action, text('Part of what was done', 'Parte do que foi feito')),
  target: flag('--target <text>', auditFilterShape.shape.target, text('Part of what it was done to', 'Parte daquilo que foi alvo')),
  result: flag('--result <result>', auditFilterShape.shape.result, text('ok, denied or failed', 'ok, denied ou failed')),
  since: flag(
    '--since <time>',
    time,
    text('From this time on, or so long ago: 12h, 7d', 'A partir desse momento, ou desse tempo atrás: 12h, 7d'),
  ),
  until: flag('--until <time>', time, text('Up to this time, or so long ago', 'Até esse momento, ou até esse tempo atrás')),
  search: flag('--search <text>', auditFilterShape.shape.search, text('Part of any text of the line', 'Parte de qualquer texto da linha')),
} as const;

/** The filter alone, without what else a verb takes. */
export const toFilter = ({ actor, action, target, result, since, until, search }: Partial<AuditFilter>): Partial<AuditFilter> => ({
  actor,
  action,
  target,
  result,
  since,
  until,
  search,
});
