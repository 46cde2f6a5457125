import { expect, test } from 'vitest';
import { toModelName } from './replica-table.tsx';

test('the model of a reference is its name, without alias and digest', () => {
  expect(toModelName('starter')).toBe('starter');
  expect(toModelName('qwen/qwen3:4b')).toBe('qwen/qwen3');
  expect(toModelName('qwen/qwen3:4b@sha256:ab12')).toBe('qwen/qwen3');
});
