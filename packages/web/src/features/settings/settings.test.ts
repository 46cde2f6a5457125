import { defaultConfig } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { flattenConfig } from './flatten-config.ts';
import { isLoopback } from './is-loopback.ts';

test('every setting stands under the name by which it is written in the file', () => {
  const groups = flattenConfig(defaultConfig());
  const find = (group: string, key: string) =>
    groups.find(({ name }) => name === group)?.settings.find((setting) => setting.key === key)?.value;
  expect(find('listeners', 'main.port')).toBe('3000');
  expect(find('access', 'local')).toBe('true');
  expect(find('', 'database')).toBe('');
  expect(find('listeners', 'allowedHosts')).toBe('');
});

test('an address of this machine alone is told from others', () => {
  for (const address of ['127.0.0.1:3000', '[::1]:3000', 'localhost:80', 'https://127.0.0.1:3000'])
    expect([address, isLoopback(address)]).toEqual([address, true]);
  for (const address of ['0.0.0.0:3000', '192.168.0.10:7443', '127.evil.example:80', '[::]:80'])
    expect([address, isLoopback(address)]).toEqual([address, false]);
});
