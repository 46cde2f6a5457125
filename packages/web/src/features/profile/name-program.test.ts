import { expect, test } from 'vitest';
import { nameProgram } from './name-program.ts';

test('browsers are called as their owners call them, other programs as they call themselves', () => {
  const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  expect(nameProgram(chrome)).toBe('Chrome · Windows');
  expect(nameProgram(`${chrome} Edg/140.0.0.0`)).toBe('Edge · Windows');
  expect(nameProgram('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox · Linux');
  const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1';
  expect(nameProgram(phone)).toBe('Safari · iOS');
  expect(nameProgram('curl/8.5.0')).toBe('curl/8.5.0');
  expect(nameProgram('')).toBe('');
});
