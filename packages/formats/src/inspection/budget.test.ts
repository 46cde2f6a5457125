import { expect, test } from 'vitest';
import { inspectBytes } from '../inspect-source.ts';
import { defaultLimits } from './budget.ts';

const limits = { ...defaultLimits, maxSteps: 10_000 };

test('attack 10: a file that takes more steps than allowed ends, and is suspicious', async () => {
  const endless = Buffer.concat([Buffer.from('\x80\x02', 'latin1'), Buffer.alloc(20_000, 'N'), Buffer.from('.')]);
  const inspection = await inspectBytes(endless, limits);
  expect(inspection).toMatchObject({ verdict: 'suspicious', reasons: [{ code: 'too_large_to_inspect' }] });
});

test('what was found until then stays', async () => {
  const calls = Buffer.concat([Buffer.from('cos\nsystem\n(t', 'latin1'), Buffer.alloc(20_000, 'N'), Buffer.from('.')]);
  expect(await inspectBytes(Buffer.concat([Buffer.from('\x80\x02', 'latin1'), calls]), limits)).toMatchObject({
    format: 'pickle',
    verdict: 'dangerous',
  });
});
