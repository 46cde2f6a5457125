import { ClusterError, phrase, toCondition } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { en } from './en.ts';
import { explainCondition, explainError, findMissingRight, type Speech } from './explain.ts';
import { createFormat } from './format.ts';
import { chooseLanguage } from './languages.ts';
import { ptBr } from './pt-br.ts';

type Tree = { readonly [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}
const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name).sort();

const english = flatten(en);
const portuguese = flatten(ptBr);

describe('the catalogues', () => {
  test('have the same keys, but for the plural that only Portuguese has', () => {
    const comparable = [...portuguese.keys()].filter((key) => key.startsWith('phrases.') || !key.endsWith('_many'));
    expect(comparable.sort()).toEqual([...english.keys()].sort());
  });

  test('have every plural category of their language, and zero: Portuguese counts it as one', () => {
    const categories = (language: string) => new Set(['zero', ...new Intl.PluralRules(language).resolvedOptions().pluralCategories]);
    for (const [catalogue, language] of [
      [english, 'en'],
      [portuguese, 'pt-BR'],
    ] as const) {
      const bases = [...catalogue.keys()].filter((key) => key.endsWith('_other')).map((key) => key.slice(0, -'_other'.length));
      expect(bases.length).toBeGreaterThan(5);
      for (const base of bases)
        for (const category of categories(language))
          expect(catalogue.has(`${base}_${category}`), `${language} ${base}_${category}`).toBe(true);
    }
  });

  test('use the same placeholders', () => {
    for (const [key, text] of portuguese) {
      if (key.endsWith('_zero')) continue; // "nothing" needs no number
      const original = english.get(key) ?? english.get(key.replace(/_many$/, '_other')) ?? '';
      expect(placeholders(text), key).toEqual(placeholders(original));
    }
  });

  test('say something everywhere, except where there is no next step', () => {
    for (const [key, text] of [...english, ...portuguese]) if (!key.startsWith('hints.')) expect(text, key).not.toBe('');
    for (const [key, text] of portuguese) if (key.startsWith('hints.')) expect(text === '', key).toBe(english.get(key) === '');
  });

  test('keep commands as they are', () => {
    const commands = (text: string) =>
      [...text.matchAll(/`([^`]+)`/g)].map(([, command]) => command?.replace('MODELO', 'MODEL').replace('NOME', 'NAME'));
    for (const [key, text] of portuguese) expect(commands(text), key).toEqual(commands(english.get(key) ?? ''));
  });
});

describe('the pages', () => {
  const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!./en.ts', '!./pt-br.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  const text = Object.values(sources).join('\n');

  test('use every key: by its name, or as one of a family', () => {
    const keys = new Set(
      [...english.keys()].filter((key) => !key.startsWith('phrases.')).map((key) => key.replace(/_(zero|one|other)$/, '')),
    );
    const isUsed = (key: string) => text.includes(`'${key}'`) || text.includes(`\`${key.slice(0, key.lastIndexOf('.'))}.\${`);
    expect([...keys].filter((key) => !isUsed(key))).toEqual([]);
  });
});

describe('the language', () => {
  test('is the one chosen before, else the first that the browser asks for, else English', () => {
    expect(chooseLanguage('pt-BR', ['en-US'])).toBe('pt-BR');
    expect(chooseLanguage(null, ['fr', 'pt-PT', 'en'])).toBe('pt-BR');
    expect(chooseLanguage(null, ['en-GB', 'pt'])).toBe('en');
    expect(chooseLanguage('xx', ['ja'])).toBe('en');
    expect(chooseLanguage(null, [])).toBe('en');
  });
});

describe('numbers, sizes and times', () => {
  const [format, formato] = [createFormat('en'), createFormat('pt-BR')];

  test('are written as the language writes them', () => {
    expect(format.bytes(2_600_000_000)).toBe('2.6 GB');
    expect(formato.bytes(2_600_000_000)).toBe('2,6 GB');
    expect(format.memory(16 * 1024 ** 3)).toBe('16 GiB');
    expect(formato.memory(1.5 * 1024 ** 2)).toBe('1,5 MiB');
    expect(format.percent(0.625)).toBe('63%');
    expect(format.rate(48.24)).toBe('48.2');
    expect(format.rate(1083.4)).toBe('1,083');
  });

  test('take the unit that a person would', () => {
    expect(format.bytes(0)).toBe('0 B');
    expect(format.bytes(999)).toBe('999 B');
    expect(format.memory(0)).toBe('0 B');
    expect(format.duration(412)).toBe('412 ms');
    expect(format.duration(1240)).toBe('1.2 sec');
    expect(format.duration(95_000)).toBe('2 min');
    expect(format.distance(-12_000)).toBe('12 seconds ago');
    expect(format.distance(240_000)).toBe('in 4 minutes');
    expect(formato.distance(-3_600_000)).toBe('há 1 hora');
  });
});

const speech = (isEnglish: boolean): Speech => ({
  isEnglish,
  reason: (code) => `message of ${code}`,
  hint: (code) => `hint of ${code}`,
  error: (code) => `title of ${code}`,
  missing: ({ permission, role }) => ({ message: `lacks ${permission}`, hint: `ask for ${role}` }),
  phrases: (said) => (said.some(({ code }) => code === 'from the future') ? undefined : said.map(({ code }) => `says ${code}`).join(' ')),
});

describe('an error in the reader’s language', () => {
  const error = { code: 'node_lost', message: 'The node desk was lost.', hint: 'Try again.' };

  test('is the server’s sentence in English, and else the title of its code with the particulars', () => {
    expect(explainError(error, speech(true))).toEqual({ message: 'The node desk was lost.', hint: 'Try again.', particulars: '' });
    expect(explainError(error, speech(false))).toEqual({
      message: 'title of node_lost',
      hint: 'Try again.',
      particulars: 'The node desk was lost.',
    });
  });

  test('is said by its codes where it has some, without a word of English', () => {
    const coded = new ClusterError('model_not_found', phrase('model_unknown', { name: 'x' }), { hint: phrase('list_the_models') });
    expect(explainError(coded, speech(false))).toEqual({ message: 'says model_unknown', hint: 'says list_the_models', particulars: '' });
    expect(explainError(coded, speech(true)).message).toBe('There is no model "x".');
  });

  test('a right that is missing is named, with who has it', () => {
    const details = { permission: 'keys:read', role: 'developer' };
    const refused = new ClusterError('forbidden', 'bia (viewer) may not do this: the right keys:read is missing.', { details });
    expect(explainError(refused, speech(false))).toEqual({ message: 'lacks keys:read', hint: 'ask for developer', particulars: '' });
    expect(findMissingRight(refused)).toEqual({ ...details, isVisitor: false });
    const visitor = new ClusterError('forbidden', 'No.', { details: { ...details, isVisitor: true } });
    expect(findMissingRight(visitor)?.isVisitor).toBe(true);
    expect(
      findMissingRight(new ClusterError('forbidden', 'No.', { details: { permission: 'from the future', role: 'admin' } })),
    ).toBeUndefined();
  });

  test('what is not one of ours is an error of ours; its own words are particulars', () => {
    expect(explainError(new TypeError('x is undefined'), speech(true))).toEqual({
      message: 'title of internal',
      hint: '',
      particulars: 'x is undefined',
    });
    expect(explainError({ code: 'from the future', message: 'New.', hint: '' }, speech(false)).message).toBe('title of internal');
  });
});

describe('a condition in the reader’s language', () => {
  test('is the server’s sentence in English', () => {
    const condition = toCondition('failed', 'not_enough_memory', 0, { message: 'It needs 4 GB.' });
    expect(explainCondition(condition, speech(true))).toMatchObject({ message: 'It needs 4 GB.', particulars: '' });
  });

  test('is said by its codes where it has some, also inside of a longer story', () => {
    const condition = toCondition('failed', 'not_enough_memory', 0, { message: [phrase('no_node_has_memory')], hint: phrase('try_later') });
    expect(explainCondition(condition, speech(false))).toEqual({
      message: 'says no_node_has_memory',
      hint: 'says try_later',
      particulars: '',
    });
  });

  test('of a newer server is said as far as the page knows its words', () => {
    const said = { message: [{ code: 'from the future' }], hint: [] };
    const condition = toCondition('failed', 'not_enough_memory', 0, { message: 'It needs 4 GB.', said });
    expect(explainCondition(condition, speech(false))).toMatchObject({
      message: 'message of not_enough_memory',
      particulars: 'It needs 4 GB.',
    });
  });

  test('is the table’s sentence elsewhere, and adds the particulars of the case', () => {
    const condition = toCondition('failed', 'not_enough_memory', 0, { message: 'It needs 4 GB.' });
    expect(explainCondition(condition, speech(false))).toEqual({
      message: 'message of not_enough_memory',
      hint: 'hint of not_enough_memory',
      particulars: 'It needs 4 GB.',
    });
    expect(explainCondition(toCondition('starting', 'loading_model', 0), speech(false))).toEqual({
      message: 'message of loading_model',
      hint: '',
      particulars: '',
    });
  });
});
