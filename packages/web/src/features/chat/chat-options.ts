import { type Chat, samplingDefaults } from '@cluster-ai/contracts';

export type ChatOptions = Chat['options'];

/** What a person can set for a chat as a number. */
export const numberOptions = ['temperature', 'top_p', 'max_tokens', 'seed'] as const;
export type NumberOption = (typeof numberOptions)[number];

interface Limits {
  readonly least?: number;
  readonly most?: number;
  readonly isWhole?: true;
}

/** As the API takes them. */
export const limits: Readonly<Record<NumberOption, Limits>> = {
  temperature: { least: 0, most: 5 },
  top_p: { least: 0, most: 1 },
  max_tokens: { least: 1, isWhole: true },
  seed: { isWhole: true },
};

/** What holds where nothing is set; undefined where that is no number. */
export const numberDefaults: Readonly<Record<NumberOption, number | undefined>> = {
  temperature: samplingDefaults.temperature,
  top_p: samplingDefaults.top_p,
  max_tokens: undefined,
  seed: undefined,
};

/** What stands in the fields of the drawer. */
export type OptionTexts = Readonly<Record<NumberOption | 'system', string>>;

export const toTexts = ({ temperature, top_p, max_tokens, seed, system }: ChatOptions, write: (value: number) => string): OptionTexts => {
  const text = (value: number | undefined) => (value === undefined ? '' : write(value));
  return { temperature: text(temperature), top_p: text(top_p), max_tokens: text(max_tokens), seed: text(seed), system: system ?? '' };
};

/** A number with a point or a comma; `undefined` for nothing, NaN for what is none, or lies beyond the limits. */
export function readNumber(
  text: string,
  { least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER, isWhole }: Limits,
): number | undefined {
  const written = text.trim();
  if (written === '') return undefined;
  const value = /^-?\d*[.,]?\d+$/.test(written) ? Number(written.replace(',', '.')) : Number.NaN;
  return value >= least && value <= most && (!isWhole || Number.isInteger(value)) ? value : Number.NaN;
}

/** The fields whose text is no value for them. */
export const findInvalid = (texts: OptionTexts): readonly NumberOption[] =>
  numberOptions.filter((name) => Number.isNaN(readNumber(texts[name], limits[name])));

/** The options with what the fields say. What they do not show stays as it is. */
export function applyTexts(options: ChatOptions, texts: OptionTexts): ChatOptions {
  const shown = Object.fromEntries(numberOptions.map((name) => [name, readNumber(texts[name], limits[name])]));
  const all = { ...options, ...shown, system: texts.system.trim() === '' ? undefined : texts.system };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** How many options are set. */
export const countSet = (options: ChatOptions): number => Object.values(options).filter((value) => value !== undefined).length;
