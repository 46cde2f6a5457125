import { expect, test } from 'vitest';
import { readPlace } from './dial.ts';

test.each([
  ['127.0.0.1:7443', { host: '127.0.0.1', port: 7443 }],
  ['  host.example:80 ', { host: 'host.example', port: 80 }],
  ['[fd00::1]:7443', { host: 'fd00::1', port: 7443 }],
])('%s is a place', (address, place) => {
  expect(readPlace(address)).toEqual(place);
});

test.each(['', 'host', 'host:', ':80', 'host:99999', 'a b:80', 'https://host:80', 'fd00::1:7443'])('%j is none', (address) => {
  expect(() => readPlace(address)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});
