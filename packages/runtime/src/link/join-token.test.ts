import { expect, test } from 'vitest';
import { formatJoinToken, parseJoinToken } from './join-token.ts';

const token = { id: '01k8abcdefgh', secret: 'S'.repeat(43), fingerprint: 'F'.repeat(43) };

test('what was written is read, with blanks around it', () => {
  expect(parseJoinToken(`  ${formatJoinToken(token)}\n`)).toEqual(token);
});

test.each([
  '',
  'cai_join_',
  'cai_join_01k8abcdefgh.short.short',
  `${formatJoinToken(token)}x`,
  formatJoinToken(token).replace('.', ' '),
  'x'.repeat(100_000),
])('anything else is nothing', (text) => {
  expect(parseJoinToken(text)).toBeUndefined();
});
