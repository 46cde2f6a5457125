/** What is counted in: whole minutes, days and months of UTC, and all time. */
export const periods = ['minute', 'day', 'month', 'ever'] as const;
export type Period = (typeof periods)[number];

/** The name of the minute, day or month that a time is in; what is stored is stored under it. */
export type PeriodNames = Readonly<Record<Period, string>>;

const MINUTE_MS = 60_000;

function nameAll(at: number): PeriodNames {
  const text = new Date(at).toISOString();
  return { minute: text.slice(0, 16), day: text.slice(0, 10), month: text.slice(0, 7), ever: 'ever' };
}

/** Names periods, once a minute: this is asked with each request. */
export function createPeriodNames(): (at: number) => PeriodNames {
  let minute = Number.NaN;
  let names = nameAll(0);
  return (at) => {
    const now = Math.floor(at / MINUTE_MS);
    if (now !== minute) names = nameAll(at);
    minute = now;
    return names;
  };
}

/** When the period is over in which a time is; `undefined`: never. */
export function endOf(period: Period, at: number): number | undefined {
  const date = new Date(at);
  if (period === 'minute') return Math.floor(at / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  if (period === 'day') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
  if (period === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return undefined;
}
