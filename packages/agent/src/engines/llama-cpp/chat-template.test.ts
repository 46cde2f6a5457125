import { describe, expect, test } from 'vitest';
import { parseChatRequest } from '../openai-dialect/index.ts';
import { createChatTemplate, type TemplateModel } from './chat-template.ts';

const model = (more: Partial<TemplateModel> = {}): TemplateModel => ({
  source: undefined,
  bosString: '<s>',
  eosString: '</s>',
  isToken: () => false,
  ...more,
});
const open = (source: string) => {
  const template = createChatTemplate(model({ source }));
  if (!template) throw new Error('no template');
  return template;
};
const messages = (...list: object[]) => parseChatRequest({ messages: list }).messages;
const tools = parseChatRequest({
  messages: [{ role: 'user', content: 'x' }],
  tools: [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: { type: 'object' } } }],
}).tools;

test("the file's own template is rendered, with the begin token and the turn of the assistant", () => {
  const template = open(
    "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}",
  );
  expect(template.render(messages({ role: 'developer', content: 'Be brief.' }, { role: 'user', content: 'Hi' }), [])).toBe(
    '<s>system: Be brief.\nuser: Hi\nassistant:',
  );
  expect(template.knowsTools).toBe(false);
});

test.each([
  ['<|im_start|>', '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'],
  ['<|start_header_id|>', '<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n'],
  ['<start_of_turn>', '<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n'],
  ['[INST]', '<s>[INST] Hi [/INST]'],
])('without one, the token %s tells the family', (token, expected) => {
  const template = createChatTemplate(model({ isToken: (text) => text === token }));
  expect(template?.render(messages({ role: 'user', content: 'Hi' }), [])).toBe(expected);
});

test('without one and without a known token there is none', () => {
  expect(createChatTemplate(model())).toBeUndefined();
});

describe('tools', () => {
  test('are handed to a template that knows them, and arguments of calls as objects', () => {
    const template = open(
      "{% if tools %}{{ tools | tojson }}|{% endif %}{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.arguments['a'] }}{% endfor %}{{ m.content }}{% endfor %}",
    );
    expect(template.knowsTools).toBe(true);
    const call = { id: 'c', type: 'function', function: { name: 'add', arguments: '{"a": 5}' } };
    const text = template.render(
      messages({ role: 'assistant', content: null, tool_calls: [call] }, { role: 'tool', content: 'ok', tool_call_id: 'c' }),
      tools ?? [],
    );
    expect(text).toContain('"name": "add"');
    expect(text.endsWith('|5ok')).toBe(true);
  });

  test('are described to a model that does not know them, and results come as words', () => {
    const template = open('{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}');
    const call = { id: 'c', type: 'function', function: { name: 'add', arguments: '{"a": 5}' } };
    const text = template.render(
      messages(
        { role: 'system', content: 'Be kind.' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', content: '7', tool_call_id: 'c' },
      ),
      tools ?? [],
    );
    expect(text).toContain('[system] Be kind.\n\nYou can call these tools.');
    expect(text).toContain('[assistant] {"name":"add","arguments":{"a":5}}');
    expect(text).toContain('[user] The tool answered: 7');
  });
});

describe('a template from a stranger', () => {
  test('that is huge is refused', () => {
    expect(() => open('x'.repeat(65 * 1024))).toThrow(expect.objectContaining({ code: 'invalid_model_file' }));
  });

  test('that cannot be read is refused', () => {
    expect(() => open('{% for %}')).toThrow(expect.objectContaining({ code: 'invalid_model_file' }));
  });

  test('that hardly ends is stopped', () => {
    const endless = open('{% for a in range(100000) %}{% for b in range(100000) %}{% set c = a %}{% endfor %}{% endfor %}');
    expect(() => endless.render(messages({ role: 'user', content: 'x' }), [])).toThrow(expect.objectContaining({ code: 'engine_timeout' }));
  });

  test('that refuses the messages says so to the caller', () => {
    const strict = open("{{ raise_exception('Roles must alternate') }}");
    expect(() => strict.render(messages({ role: 'user', content: 'x' }), [])).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('Roles must alternate') }),
    );
  });
});
