import type { Language } from './languages.ts';

const decimalUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** The largest unit in which the value is at least 1. */
function scale(value: number, step: number, units: number): { readonly value: number; readonly unit: number } {
  const unit = value < 1 ? 0 : Math.min(units - 1, Math.floor(Math.log(value) / Math.log(step)));
  return { value: value / step ** unit, unit };
}

/** Three digits at most: 1.25 GB, 12.5 GB, 125 GB. */
const digitsFor = (value: number) => (value >= 100 ? 0 : 1);

/** How numbers, sizes and times are written in a language. */
export function createFormat(language: Language) {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const compactNumber = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
  const percentage = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const dateAndSeconds = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' });
  const timeOnly = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const units = new Map<string, Intl.NumberFormat>();

  function inUnit(value: number, unit: string, unitDisplay: 'short' | 'narrow' | 'long' = 'short'): string {
    const digits = digitsFor(value);
    const key = `${unit} ${unitDisplay} ${digits}`;
    const format = units.get(key) ?? new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay, maximumFractionDigits: digits });
    units.set(key, format);
    return format.format(value);
  }

  /** Of files and disks, in powers of 1000. */
  function bytes(size: number): string {
    if (size < 1000) return `${whole.format(size)} B`; // "210 byte" is no English
    const { value, unit } = scale(size, 1000, decimalUnits.length);
    return inUnit(value, decimalUnits[unit] ?? 'byte');
  }

  /** Of memory, in powers of 1024. */
  function memory(size: number): string {
    const { value, unit } = scale(size, 1024, binaryUnits.length);
    return `${value >= 100 || unit === 0 ? whole.format(value) : fine.format(value)} ${binaryUnits[unit]}`;
  }

  function duration(milliseconds: number): string {
    if (milliseconds < 1000) return inUnit(Math.round(milliseconds), 'millisecond');
    const seconds = milliseconds / 1000;
    if (seconds < 60) return inUnit(seconds < 10 ? seconds : Math.round(seconds), 'second');
    if (seconds < 3600) return inUnit(Math.round(seconds / 60), 'minute');
    if (seconds < 86_400) return inUnit(Math.round(seconds / 3600), 'hour');
    return inUnit(Math.round(seconds / 86_400), 'day');
  }

  /** "12 seconds ago" or "in 5 minutes": the sign of the distance decides. */
  function distance(milliseconds: number): string {
    const seconds = Math.round(milliseconds / 1000);
    const size = Math.abs(seconds);
    if (size < 60) return relative.format(seconds, 'second');
    if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
    if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
    return relative.format(Math.round(seconds / 86_400), 'day');
  }

  return {
    bytes,
    memory,
    duration,
    distance,
    number: (value: number) => whole.format(value),
    /** As it is, so that it can be written back. */
    exact: (value: number) => value.toLocaleString(language, { maximumFractionDigits: 20, useGrouping: false }),
    /** One digit after the point below 100. */
    rate: (value: number) => (value >= 100 ? whole.format(value) : fine.format(value)),
    compact: (value: number) => compactNumber.format(value),
    percent: (fraction: number) => percentage.format(fraction),
    dateTime: (iso: string) => dateAndTime.format(new Date(iso)),
    dateTimeSeconds: (iso: string) => dateAndSeconds.format(new Date(iso)),
    time: (epochMs: number) => timeOnly.format(epochMs),
  };
}
export type Format = ReturnType<typeof createFormat>;
