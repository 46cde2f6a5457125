import { expect, test } from 'vitest';
import { applyPresets } from './apply-presets.ts';
import type { Presets } from './presets.ts';

const presets: Presets = {
  system: 'You are a pirate.',
  template: '{{ .Prompt }}',
  parameters: { temperature: 0.2, num_predict: 7, stop: ['x'], num_ctx: 4096, seed: -1 },
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Arr' },
  ],
  licences: [],
};
const question = { role: 'user', content: 'Who are you?' };

test('what a request leaves out is what came with the model', () => {
  expect(applyPresets({ model: 'm', messages: [question] }, presets)).toEqual({
    model: 'm',
    messages: [{ role: 'system', content: 'You are a pirate.' }, ...presets.messages, question],
    temperature: 0.2,
    max_tokens: 7,
    stop: ['x'],
  });
});

test('what a request says counts', () => {
  const own = { role: 'system', content: 'You are a cook.' };
  const asked = { messages: [own, question], temperature: 0, max_completion_tokens: 3, stop: null };
  expect(applyPresets(asked, presets)).toEqual({ ...asked, stop: ['x'], messages: [...presets.messages, own, question] });
});

test('a prompt gets parameters and no messages', () => {
  expect(applyPresets({ prompt: 'Once' }, presets)).toEqual({ prompt: 'Once', temperature: 0.2, max_tokens: 7, stop: ['x'] });
});

test('without anything there, nothing is added', () => {
  const none = { system: '', template: '', parameters: {}, messages: [], licences: [] };
  expect(applyPresets({ messages: [question] }, none)).toEqual({ messages: [question] });
});
