import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isOutdated, toUnmatchableHash } from './argon2-parameters.ts';
import { checkNewPassword, normalizePassword } from './check-password.ts';
import { createPasswordHasher, restMsAfter } from './password-hasher.ts';

describe('a new password', () => {
  test.each([
    'short',
    'eleven char',
    'a'.repeat(1025),
    'aaaaaaaaaaaaaa',
    'abcabcabcabc',
    '123456789012',
    '739173917391736',
    'abcdefghijklm',
    'qwertyuiopas',
    'Password1234',
    'p4ssw0rd!!!!!',
    'MinhaSenha2026!',
    'correct-horse-battery-staple',
    'ana.maria12345',
  ])('%s is refused', (password) => {
    expect(() => checkNewPassword(password, 'ana.maria')).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'password' }));
  });

  test.each(['tinta goiaba varal 12', 'xkqjzvbwmtpl', '三つの言葉と猫が四匹いる家', 'a1b2c3d4e5f6g7'])('%s is taken', (password) => {
    expect(checkNewPassword(password, 'ana')).toBe(password);
  });

  test('attack 31: what looks the same is the same, however it was typed', () => {
    expect(normalizePassword('cafe\u0301 com leite')).toBe(normalizePassword('café com leite'));
    expect(normalizePassword('ﬁne words here')).toBe('fine words here');
  });
});

describe('the hasher', () => {
  test('what it hashed it knows again, and nothing else', async () => {
    await using hasher = createPasswordHasher();
    const hash = await hasher.hash('tinta goiaba varal 12');
    expect(isOutdated(hash)).toBe(false);
    expect(await hasher.verify(hash, 'tinta goiaba varal 12')).toBe(true);
    expect(await hasher.verify(hash, 'tinta goiaba varal 13')).toBe(false);
  });

  test('a hash of chance costs a check and has no password', async () => {
    await using hasher = createPasswordHasher();
    const hash = toUnmatchableHash(randomBytes(48));
    expect(isOutdated(hash)).toBe(false);
    expect(await hasher.verify(hash, 'anything')).toBe(false);
    expect(isOutdated('$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$aGFzaA')).toBe(true);
  });

  test('attack 31: in a flood it rests for three times what a hash took, so that it has a quarter of a core at most', () => {
    expect([1, 4].map((waiting) => restMsAfter(8, waiting))).toEqual([0, 0]);
    expect(restMsAfter(8, 5)).toBe(24);
    expect(restMsAfter(8, 64)).toBe(24);
    expect(restMsAfter(500, 64)).toBe(30); // on a busy machine it was slow because it stood back already
  });

  test('what came later is hashed too, after rests as well', async () => {
    await using hasher = createPasswordHasher();
    const hashes = await Promise.all(Array.from({ length: 7 }, (_, index) => hasher.hash(`tinta goiaba varal ${index}`)));
    expect(await Promise.all(hashes.map((hash, index) => hasher.verify(hash, `tinta goiaba varal ${index}`)))).toEqual(
      hashes.map(() => true),
    );
  });

  test('attack 31: of a thousand at once only so many wait, the others are told to come back', async () => {
    await using hasher = createPasswordHasher({ mostWaiting: 4 });
    const results = await Promise.allSettled(Array.from({ length: 1000 }, () => hasher.hash('tinta goiaba varal 12')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'too_many_requests', status: 429, retryAfterSeconds: 2 });
    expect(await hasher.hash('tinta goiaba varal 12')).toContain('$argon2id$');
  });
});
