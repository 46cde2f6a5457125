import type { Permission } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { mayUnload, toAllowedKeepAlive } from './keep-alive-wish.ts';

const caller = (kind: 'person' | 'key' | 'local', ...permissions: Permission[]) => ({ kind, permissions: new Set(permissions) });

test('who only asks cannot send a model away that others use; who may change models, and one person’s machine, can', () => {
  const asks = caller('key', 'inference:use', 'models:read');
  expect(mayUnload(asks)).toBe(false);
  expect([0, 1, 299.9].map((wish) => toAllowedKeepAlive(wish, asks, 300))).toEqual([undefined, undefined, undefined]);
  expect(toAllowedKeepAlive(3600, asks, -1)).toBeUndefined();
  expect([300, 3600, -1, undefined].map((wish) => toAllowedKeepAlive(wish, asks, 300))).toEqual([300, 3600, -1, undefined]);
  for (const may of [caller('person', 'inference:use', 'models:write'), caller('local', 'inference:use'), undefined])
    expect(toAllowedKeepAlive(0, may, 300)).toBe(0);
});
