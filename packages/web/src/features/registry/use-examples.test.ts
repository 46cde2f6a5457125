import { expect, test } from 'vitest';
import { toExamples } from './use-examples.ts';

const fileUrl = 'http://x/api/v1/registry/models/a/versions/latest/files/a.gguf';

test('a model that chats is shown in every tool; another one is loaded and downloaded', () => {
  const kinds = (canChat: boolean) => toExamples({ origin: 'http://x', model: 'a', canChat, fileUrl }).map(({ kind }) => kind);
  expect(kinds(true)).toEqual(['curl', 'python', 'javascript', 'ollama', 'download']);
  expect(kinds(false)).toEqual(['python', 'download']);
});

test('a name with quotes stays inside of its quotes', () => {
  const [curl] = toExamples({ origin: 'http://x', model: "it's", canChat: true, fileUrl });
  expect(curl?.text).toContain(`"model":"it'\\''s"`);
});
