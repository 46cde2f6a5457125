import { describe, expect, test } from 'vitest';
import { parseChatRequest, parseCompletionRequest } from '../openai-dialect/index.ts';
import { planChat, planCompletion, toTokens } from './plan-answer.ts';

const call = { name: 'add', arguments: { a: 1, b: 2 } };
const script = {
  text: 'No match here.',
  answers: [
    { match: 'sum', toolCalls: [call] },
    { match: 'sum', text: 'Three.' },
  ],
};
const tools = ['add', 'other'].map((name) => ({ type: 'function', function: { name } }));
const chat = (content: string, more: object = {}) => parseChatRequest({ messages: [{ role: 'user', content }], ...more });
const piecesOf = ({ count, pieceAt }: ReturnType<typeof planChat>) => Array.from({ length: count }, (_, index) => pieceAt(index));
const tokensOf = (plan: ReturnType<typeof planChat>) => piecesOf(plan).map((piece) => ('text' in piece ? piece.text : ''));
const textOf = (plan: ReturnType<typeof planChat>) => tokensOf(plan).join('');

test('words with the space before them are the tokens, and nothing is lost between them', () => {
  expect(toTokens(' One  two\nthree ')).toEqual([' One', '  two', '\nthree', ' ']);
});

describe('tool calls', () => {
  test('are made where the request offers that tool', () => {
    const plan = planChat(script, chat('the sum', { tools }));
    const pieces = piecesOf(plan);
    expect(plan.finishReason).toBe('tool_calls');
    expect(pieces[0]).toEqual({ toolCall: { index: 0, id: 'call_0_add', name: 'add', arguments: '' } });
    const text = pieces.map((piece) => ('toolCall' in piece ? piece.toolCall.arguments : '')).join('');
    expect(JSON.parse(text)).toEqual(call.arguments);
  });

  test('are passed over for the next answer that matches where it does not', () => {
    expect(textOf(planChat(script, chat('the sum')))).toBe('Three.');
    expect(textOf(planChat(script, chat('the sum', { tools: [tools[1]] })))).toBe('Three.');
    expect(textOf(planChat(script, chat('the sum', { tools, tool_choice: 'none' })))).toBe('Three.');
  });

  test('that must be made and are not recorded are refused', () => {
    const demand = { tools, tool_choice: { type: 'function', function: { name: 'other' } } };
    expect(() => planChat(script, chat('the sum', demand))).toThrow(expect.objectContaining({ code: 'unsupported_feature' }));
    expect(() => planChat(script, chat('hello', { tools, tool_choice: 'required' }))).toThrow(/no call/);
  });
});

describe('length', () => {
  test('a text ends before the first of the stop strings', () => {
    expect(textOf(planChat(script, chat('x', { stop: ['.', ' here'] })))).toBe('No match');
  });

  test('or after so many tokens', () => {
    const cut = planChat(script, chat('x', { max_completion_tokens: 2 }));
    expect([textOf(cut), cut.finishReason]).toEqual(['No match', 'length']);
  });

  test('an answer of a set length repeats its text, token for token', () => {
    const plan = planChat({ ...script, answerTokens: 7 }, chat('x'));
    expect(tokensOf(plan)).toEqual(['No', ' match', ' here.', ' No', ' match', ' here.', ' No']);
    expect(textOf(planChat({ ...script, answerTokens: 7 }, chat('x', { stop: ' here. No' })))).toBe('No match');
  });
});

test('each prompt of a completion has its own answer', () => {
  const plans = planCompletion(script, parseCompletionRequest({ prompt: ['sum', 'x'] }));
  expect(plans.map(textOf)).toEqual(['Three.', 'No match here.']);
});
