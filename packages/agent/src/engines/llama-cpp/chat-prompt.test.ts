import { expect, test } from 'vitest';
import { parseChatRequest } from '../openai-dialect/index.ts';
import { toChatPrompt } from './chat-prompt.ts';
import { createChatTemplate } from './chat-template.ts';

const turns = '{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}';
const untaught = turns;
const taught = `{% if tools %}{{ tools | tojson }}\n{% endif %}${turns}`;

function depsOf(source: string, contextSize: number) {
  const template = createChatTemplate({ source, bosString: '', eosString: '', isToken: () => false });
  if (!template) throw new Error('no template');
  return { template, contextSize, toTokens: (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0) };
}

const { messages, tools = [] } = parseChatRequest({
  messages: [{ role: 'user', content: 'What is the capital of Japan?' }],
  tools: [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: { type: 'object' } } }],
});
const question = '[user] What is the capital of Japan?\n';
const textOf = (tokens: readonly number[]) => String.fromCodePoint(...tokens);

test('a model that was never taught tools is told of those that leave it room', () => {
  const prompt = toChatPrompt(depsOf(untaught, 1000), messages, { tools, isForced: false });
  expect(textOf(prompt.tokens)).toContain('You can call these tools.');
  expect(prompt.tools).toBe(tools);
});

test.each([300, 1])('it is not told of those that would fill a context of %i tokens, and may call none', (contextSize) => {
  const prompt = toChatPrompt(depsOf(untaught, contextSize), messages, { tools, isForced: false });
  expect(textOf(prompt.tokens)).toBe(question);
  expect(prompt.tools).toEqual([]);
});

test('a long conversation hides no tools: its length is an error', () => {
  const long = parseChatRequest({ messages: [{ role: 'user', content: 'word '.repeat(400) }] }).messages;
  expect(() => toChatPrompt(depsOf(untaught, 1000), long, { tools, isForced: false })).toThrow(
    /describe the 1 tools that came with the request/,
  );
});

test.each([
  ['a model that knows tools', taught, false],
  ['a call that is forced', untaught, true],
])('%s gets all tools, or the error that says what they take', (_, source, isForced) => {
  expect(toChatPrompt(depsOf(source, 1000), messages, { tools, isForced }).tools).toBe(tools);
  const tooSmall = depsOf(source, 100);
  const whole = tooSmall.template.render(messages, tools).length;
  expect(() => toChatPrompt(tooSmall, messages, { tools, isForced })).toThrow(
    expect.objectContaining({
      code: 'context_length_exceeded',
      details: { promptTokens: whole, contextSize: 100, toolTokens: whole - question.length },
    }),
  );
});
