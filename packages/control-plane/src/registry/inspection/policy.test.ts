import { defaultConfig, type Inspection, toEnglish } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { decideUse, type UseRequest } from './policy.ts';

const { policy } = defaultConfig().registry;
const file = (format: Inspection['format'], verdict: Inspection['verdict'], code?: string) => ({
  format,
  verdict,
  reasons: code === undefined ? [] : [{ code, detail: 'x.y' }],
});
const safe = file('safetensors', 'safe');
const suspicious = file('safetensors', 'suspicious', 'trailing_data');
const dangerous = file('pickle', 'dangerous', 'pickle_global_dangerous');
const decide = (inspections: UseRequest['inspections'], rest: Partial<UseRequest> = {}, ours = policy) =>
  decideUse({ model: 'lab/x', use: 'load', inspections, isOverridden: false, ...rest }, ours);

describe('attack 11: what may be loaded', () => {
  test.each(['gguf', 'safetensors', 'onnx'] as const)('%s that is safe', (format) => {
    expect(decide([file(format, 'safe')])).toEqual({ isAllowed: true });
  });

  test.each(['pytorch', 'pickle', 'keras', 'tensorflow', 'unknown'] as const)('%s only when an admin said so', (format) => {
    expect(decide([file(format, 'safe')]).isAllowed).toBe(false);
    expect(decide([file(format, 'safe')], { isOverridden: true }).isAllowed).toBe(true);
  });

  test('one suspicious file among safe ones needs the word of an admin, where the owner allows that', () => {
    expect(decide([safe, suspicious]).isAllowed).toBe(false);
    expect(decide([safe, suspicious], { isOverridden: true }).isAllowed).toBe(true);
    expect(decide([safe, suspicious], { isOverridden: true }, { ...policy, override: 'never' }).isAllowed).toBe(false);
  });

  test('a dangerous file never', () => {
    expect(decide([safe, dangerous], { isOverridden: true }).isAllowed).toBe(false);
  });
});

test('a protected alias points to nothing dangerous, and to no format in particular', () => {
  expect(decide([dangerous], { use: 'protected-alias', isOverridden: true }).isAllowed).toBe(false);
  expect(decide([suspicious], { use: 'protected-alias' }).isAllowed).toBe(false);
  expect(decide([file('pytorch', 'safe')], { use: 'protected-alias' }).isAllowed).toBe(true);
});

test('a refusal says what was found and what to do', () => {
  const decision = decide([suspicious, dangerous]);
  if (decision.isAllowed) throw new Error('allowed');
  expect(toEnglish(decision.message)).toBe('lab/x is dangerous and is not used. Loading it would run x.y.');
  expect(toEnglish(decision.hint)).toContain('safetensors');
});
