import { describe, expect, test } from 'vitest';
import { createToolCallReader } from './tool-calls.ts';

function read(text: string, size: number) {
  const reader = createToolCallReader(['add', 'get_weather']);
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  const outcomes = [...pieces.map((piece) => reader.push(piece)), reader.end()];
  return {
    text: outcomes.map((outcome) => outcome.text).join(''),
    calls: outcomes.flatMap((outcome) => outcome.calls.map(({ name, arguments: args }) => [name, JSON.parse(args)])),
  };
}

const add = ['add', { a: 1, b: 2 }];

describe.each([1, 3, 7, 1000])('in pieces of %i characters', (size) => {
  test.each([
    ['Hermes and Qwen', '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>', '', [add]],
    [
      'two calls after some text',
      'Let me see. <tool_call>{"name":"add","arguments":{"a":1,"b":2}}</tool_call>\n<tool_call>{"name":"get_weather","arguments":{}}</tool_call>',
      'Let me see. ',
      [add, ['get_weather', {}]],
    ],
    ['Hermes without its end', '<tool_call>{"name":"add","arguments":{"a":1,"b":2}}', '', [add]],
    ['Llama 3', '{"name": "add", "parameters": {"a": 1, "b": 2}}', '', [add]],
    ['Llama 3 with its tag', '<|python_tag|>{"name": "add", "parameters": {"a": 1, "b": 2}}', '', [add]],
    ['several of Llama 3', '{"name":"add","parameters":{"a":1,"b":2}}; {"name":"add","parameters":{"a":1,"b":2}}', '', [add, add]],
    ['Mistral', '[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1, "b": 2}}]', '', [add]],
    ['newer Mistral', '[TOOL_CALLS]add[ARGS]{"a": 1, "b": 2}', '', [add]],
    ['plain text', 'Nothing < here [to] call {"name"}', 'Nothing < here [to] call {"name"}', []],
    ['an object that is no call', '{"answer": 42}', '{"answer": 42}', []],
    ['a call of a tool that was not offered', '{"name": "rm", "arguments": {}}', '{"name": "rm", "arguments": {}}', []],
    ['broken JSON', '<tool_call>{"name": "add", </tool_call>', '<tool_call>{"name": "add", </tool_call>', []],
    ['nothing', '', '', []],
  ])('%s', (_, raw, text, calls) => {
    expect(read(raw, size)).toEqual({ text, calls });
  });
});

test('every call has an id of its own', () => {
  const reader = createToolCallReader(['add']);
  const call = '<tool_call>{"name":"add","arguments":{}}</tool_call>';
  const ids = reader.push(call + call).calls.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toMatch(/^call_\w{24}$/);
});
