import { createManualClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { createKeyUsage } from './key-usage.ts';
import { permissionsOf } from './roles.ts';

const caller = (kind: Caller['kind'], id: string): Caller => ({
  kind,
  id,
  ownerId: 'person_1',
  name: id,
  role: 'developer',
  permissions: permissionsOf('developer'),
  models: undefined,
});

test('requests that a key sends and tokens that it gets are counted; what people use is not', () => {
  const charged: number[] = [];
  const usage = createKeyUsage({ clock: createManualClock() });
  const keys = usage.counting({
    authenticate: (text: string) => caller('key', text),
    addTokens: (_caller: Caller, tokens: number) => void charged.push(tokens),
  });
  keys.authenticate('key_1');
  keys.addTokens(keys.authenticate('key_1'), 30);
  keys.addTokens(caller('person', 'key_2'), 5);
  expect(usage.list(['key_1', 'key_2']).usage).toEqual([
    { keyId: 'key_1', requests: 2, tokens: 30 },
    { keyId: 'key_2', requests: 0, tokens: 0 },
  ]);
  expect(charged).toEqual([30, 5]);
});

test('a key that is refused is not counted', () => {
  const usage = createKeyUsage({ clock: createManualClock() });
  const keys = usage.counting({
    authenticate: (_text: string): Caller => {
      throw new Error('revoked');
    },
    addTokens: () => undefined,
  });
  expect(() => keys.authenticate('key_1')).toThrow('revoked');
  expect(usage.list(['key_1']).usage).toEqual([{ keyId: 'key_1', requests: 0, tokens: 0 }]);
});
