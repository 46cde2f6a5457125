import { type KeyLimits, keyLimitsShape, limitNames } from '@cluster-ai/contracts';

export type LimitName = (typeof limitNames)[number];
/** What is written in the field of each limit; empty: no limit. */
export type LimitTexts = Readonly<Record<LimitName, string>>;

const toTexts = (write: (name: LimitName) => string) => Object.fromEntries(limitNames.map((name) => [name, write(name)])) as LimitTexts;

export const noLimits: LimitTexts = toTexts(() => '');
export const toLimitTexts = (limits: KeyLimits): LimitTexts => toTexts((name) => String(limits[name] ?? ''));

/** Undefined for what is no whole number of at least 1. People write thousands with their own marks. */
function toLimit(text: string): number | undefined {
  const plain = text.replace(/[\s.,]/g, '');
  const value = /^\d{1,15}$/.test(plain) ? Number(plain) : 0;
  return value >= 1 ? value : undefined;
}

/** The limits that cannot be read. */
export const findWrongLimits = (texts: LimitTexts): readonly LimitName[] =>
  limitNames.filter((name) => texts[name].trim() !== '' && toLimit(texts[name]) === undefined);

/** What the server is asked for. */
export const toLimits = (texts: LimitTexts): KeyLimits =>
  keyLimitsShape.parse(Object.fromEntries(limitNames.flatMap((name) => (texts[name].trim() === '' ? [] : [[name, toLimit(texts[name])]]))));
