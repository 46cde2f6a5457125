import { createApiKeyShape } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { findWrongLimits, noLimits, toLimits, toLimitTexts } from '../limits/limit-texts.ts';
import { emptyForm, isComplete, toWish } from './key-form.ts';

test('a form that is only named asks for a key that gets answers and ends after 90 days', () => {
  expect(createApiKeyShape.parse(toWish({ ...emptyForm, name: ' my app ' }))).toEqual({
    name: 'my app',
    role: 'developer',
    owner: null,
    scopes: ['inference:use', 'models:read'],
    models: null,
    limits: {},
    expiresInSeconds: 90 * 86_400,
  });
});

test('models come with commas or spaces, limits as people write numbers; what is chosen stands', () => {
  const form = {
    ...emptyForm,
    name: 'ci',
    role: 'viewer',
    reach: 'chosen',
    scopes: ['models:read'],
    models: { reach: 'some', chosen: ['starter'], more: 'team/*\nqwen3' },
    days: '',
    limits: { ...emptyForm.limits, tokensPerDay: '10.000', requestsPerMinute: ' 5 ' },
  } as const;
  expect(toWish(form)).toEqual({
    name: 'ci',
    role: 'viewer',
    scopes: ['models:read'],
    models: ['starter', 'team/*', 'qwen3'],
    limits: { requestsPerMinute: 5, tokensPerDay: 10_000 },
    expiresInSeconds: null,
  });
  expect(toWish({ ...form, reach: 'all' }).scopes).toBeNull();
  expect(toWish(form, 'person_bot').owner).toBe('person_bot');
  expect(isComplete(form)).toBe(true);
  expect(isComplete({ ...form, models: { reach: 'some', chosen: [], more: '' } })).toBe(false);
});

test('a limit that is no whole number of at least 1 is named; limits come back as they were', () => {
  expect(findWrongLimits({ ...noLimits, tokensPerDay: '0', tokensPerMonth: 'many', tokensPerMinute: '1' })).toEqual([
    'tokensPerDay',
    'tokensPerMonth',
  ]);
  expect(toLimits(toLimitTexts({ tokensPerDay: 5, budgetTokens: 9000 }))).toEqual({ tokensPerDay: 5, budgetTokens: 9000 });
});
