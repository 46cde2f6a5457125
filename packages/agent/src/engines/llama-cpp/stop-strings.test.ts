import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStopFilter } from './stop-strings.ts';

function run(stops: readonly string[], pieces: readonly string[]) {
  const filter = createStopFilter(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, isStopped } = filter.push(piece);
    shown.push(text);
    if (isStopped) return { shown, isStopped };
  }
  return { shown: [...shown, filter.end()], isStopped: false };
}

test('what could be the beginning of a stop string is held until it is known', () => {
  expect(run(['END'], ['a E', 'N', 'x'])).toEqual({ shown: ['a ', '', 'ENx', ''], isStopped: false });
  expect(run(['END'], ['a E', 'N', 'D b'])).toEqual({ shown: ['a ', '', ''], isStopped: true });
});

test('the first of several counts', () => {
  expect(run(['two', 'one'], ['say one and two'])).toEqual({ shown: ['say '], isStopped: true });
});

test('what was held is shown when the answer ends by itself', () => {
  expect(run(['END'], ['so EN']).shown.join('')).toBe('so EN');
});

test('however the text is cut, the answer is the text before the first stop string', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), stops, (pieces, stops) => {
      const whole = pieces.join('');
      const found = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
      const expected = found.length === 0 ? whole : whole.slice(0, Math.min(...found));
      // a stop string that ends earlier may begin later: whichever is whole first wins
      const shown = run(stops, pieces).shown.join('');
      if (stops.every(({ length }) => length === stops[0]?.length)) expect(shown).toBe(expected);
      else expect(whole.startsWith(shown)).toBe(true);
      for (const stop of stops) expect(shown.includes(stop)).toBe(false);
    }),
  );
});
