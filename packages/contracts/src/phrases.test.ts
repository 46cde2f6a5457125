import { describe, expect, test } from 'vitest';
import { ClusterError, fromWireError, toWireError } from './errors.ts';
import { type PhraseFormat, phrase, phrases, phrasesIn, sayPhrases, toEnglish } from './phrases.ts';
import { portugueseErrors, portugueseHints, portuguesePhrases, portugueseReasons } from './portuguese.ts';
import { reasons } from './reasons.ts';
import { hintOf, messageOf, toCondition } from './state.ts';

const placesIn = (text: string) => [...text.matchAll(/\{[^}]*\}/g)].map(([place]) => place).sort();
const commandsIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, command]) => command);
const pairs = Object.entries(phrases).map(([code, text]) => [code, text, portuguesePhrases[code as keyof typeof phrases]] as const);

const portuguese: PhraseFormat = {
  bytes: (bytes) => `${bytes} B`,
  memory: (bytes) => `${bytes} B`,
  state: (state) => state,
  reason: (reason) => portugueseReasons[reason],
  hint: (reason) => portugueseHints[reason],
};

describe('both languages', () => {
  test.each(pairs)('%s has the same places and commands', (_, english, translated) => {
    expect(placesIn(translated)).toEqual(placesIn(english));
    expect(commandsIn(translated)).toEqual(commandsIn(english));
  });

  test('say something for each code, and nothing in the words of the other', () => {
    for (const [code, english, translated] of pairs) if (!/^\{[^}]*\}$/.test(english)) expect(translated, code).not.toBe(english);
    for (const text of [...Object.values(portugueseReasons), ...Object.values(portugueseErrors)]) expect(text).not.toBe('');
    for (const [code, { hint }] of Object.entries(reasons))
      expect(portugueseHints[code as keyof typeof reasons] === '', code).toBe(hint === '');
  });
});

describe('a phrase', () => {
  test('is an English sentence with its values, written as the kind of each wants', () => {
    expect(toEnglish(phrase('node_lacks_memory', { node: 'desk', needed: 3.1e9, free: 290e6 }))).toBe(
      'Node desk: needs 3.1 GB, 290 MB free.',
    );
    expect(toEnglish(phrase('model_needs_memory', { needed: 2 * 1024 ** 3, free: 1 }))).toContain('needs 2,048 MiB, and 1 MiB');
    expect(toEnglish(['Two', phrase('load_it_again')])).toBe('Two Load it again.');
  });

  test('whose values look like places is not read twice', () => {
    expect(toEnglish(phrase('gguf_finding', { finding: 'has {finding} $& $1' }))).toBe('It has {finding} $& $1.');
  });

  test('that is not known is no text, so that the English one is shown', () => {
    expect(sayPhrases([phrase('load_it_again'), { code: 'from_the_future' }], portuguesePhrases, portuguese)).toBeUndefined();
  });
});

describe('errors and conditions', () => {
  test('carry their codes over every border', () => {
    const error = new ClusterError('model_not_found', phrase('model_unknown', { name: 'x' }), { hint: phrase('list_the_models') });
    const read = fromWireError(JSON.parse(JSON.stringify(toWireError(error))), 'internal', '');
    expect(read).toMatchObject({ message: 'There is no model "x".', hint: 'See `cluster-ai models ls`.', said: error.said });
    expect(sayPhrases(read.said?.message ?? [], portuguesePhrases, portuguese)).toBe('Não há modelo “x”.');
  });

  test('have none where a part is English only, and take none that are malformed', () => {
    expect(new ClusterError('internal', ['Plain.', phrase('load_it_again')]).said).toBeUndefined();
    expect(fromWireError({ code: 'internal', message: 'x', said: { message: 'y' } }, 'internal', '').said).toBeUndefined();
  });

  test('tell what they say to a longer story', () => {
    const waiting = toCondition('failed', 'not_enough_memory', 0);
    expect(sayPhrases(phrasesIn(messageOf(waiting)), portuguesePhrases, portuguese)).toBe(portugueseReasons.not_enough_memory);
    expect(sayPhrases(phrasesIn(hintOf(waiting)), portuguesePhrases, portuguese)).toBe(portugueseHints.not_enough_memory);
    const plain = toCondition('failed', 'not_enough_memory', 0, { message: 'It needs 4 GB.', hint: '' });
    expect([messageOf(plain), hintOf(plain)]).toEqual(['It needs 4 GB.', '']);
  });
});
