import { createContext, Script } from 'node:vm';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import { Template } from '@huggingface/jinja';
import type { ChatMessage, Tool } from '../openai-dialect/index.ts';

export interface ChatTemplate {
  /** Whether the model was taught to call tools: its template has a place for them. */
  readonly knowsTools: boolean;
  /** The text that makes the model answer. Throws ClusterError `invalid_request`, `invalid_model_file` or `engine_timeout`. */
  render(messages: readonly ChatMessage[], tools: readonly Tool[]): string;
}

/** What of the model a template needs. */
export interface TemplateModel {
  /** `tokenizer.chat_template` of the file. */
  readonly source: string | undefined;
  readonly bosString: string;
  readonly eosString: string;
  /** Whether this text is one token of the vocabulary: how a family is recognised where the file has no template. */
  readonly isToken: (text: string) => boolean;
}

const mostTemplateBytes = 64 * 1024;
/** A template comes with the file, so from a stranger: one that loops must not hold the process for long. */
const renderLimitMs = 1000;

const chatml =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const llama3 =
  "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";
const gemma =
  "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + '\\n' + m.content + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";
const mistral =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + eos_token }}{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}";

/** Families that are recognised by a token of their vocabulary. */
const families: readonly (readonly [token: string, source: string])[] = [
  ['<|im_start|>', chatml],
  ['<|start_header_id|>', llama3],
  ['<start_of_turn>', gemma],
  ['[INST]', mistral],
];

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 200);

function parseTemplate(source: string): Template {
  if (Buffer.byteLength(source) > mostTemplateBytes)
    throw new ClusterError('invalid_model_file', phrase('template_is_too_large', { size: mostTemplateBytes / 1024 }));
  try {
    return new Template(source);
  } catch (cause) {
    throw new ClusterError('invalid_model_file', phrase('template_cannot_be_read', { words: messageOf(cause) }), { cause });
  }
}

/** Templates want the arguments of a call as an object, clients send them as text. */
function toTemplateMessage({ role, content, name, tool_calls, tool_call_id }: ChatMessage) {
  const calls = tool_calls?.map(({ id, type, function: { name, arguments: text } }) => ({
    id,
    type,
    function: { name, arguments: parseOrKeep(text) },
  }));
  return {
    role: role === 'developer' ? 'system' : role,
    content: content ?? '',
    ...(name === undefined ? {} : { name }),
    ...(calls === undefined ? {} : { tool_calls: calls }),
    ...(tool_call_id === undefined ? {} : { tool_call_id }),
  };
}

function parseOrKeep(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A model that was never taught tools reads its calls and their results as plain text. */
function toPlainMessage(message: ChatMessage): ChatMessage {
  const { role, content = '', tool_calls, tool_call_id, ...rest } = message;
  const calls = (tool_calls ?? []).map((call) =>
    JSON.stringify({ name: call.function.name, arguments: parseOrKeep(call.function.arguments) }),
  );
  const plain = { ...rest, tool_calls: undefined, tool_call_id: undefined };
  if (role === 'tool' || role === 'function') return { ...plain, role: 'user', content: `The tool answered: ${content}` };
  return { ...plain, role, content: [content, ...calls].filter((text) => text !== '').join('\n') };
}

const describeTools = (tools: readonly Tool[]) =>
  [
    'You can call these tools. To call one, answer with nothing but {"name": …, "arguments": {…}}.',
    ...tools.map(({ function: { name, description, parameters } }) => JSON.stringify({ name, description, parameters })),
  ].join('\n');

function withToolsDescribed(messages: readonly ChatMessage[], tools: readonly Tool[]): ChatMessage[] {
  const plain = messages.map(toPlainMessage);
  if (tools.length === 0) return plain;
  const [first, ...others] = plain;
  const description = describeTools(tools);
  if (first && (first.role === 'system' || first.role === 'developer'))
    return [{ ...first, content: `${first.content ?? ''}\n\n${description}` }, ...others];
  return [{ role: 'system', content: description, name: undefined, tool_calls: undefined, tool_call_id: undefined }, ...plain];
}

/** Runs synchronous work and ends it when it takes too long, whatever it does. */
function runWithLimit(work: () => string): string {
  try {
    return new Script('work()').runInContext(createContext({ work }), { timeout: renderLimitMs }) as string;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new ClusterError('engine_timeout', phrase('template_is_slow', { milliseconds: renderLimitMs }));
    // templates refuse conversations that the model does not know (two user turns in a row, a system message, …)
    throw new ClusterError('invalid_request', phrase('template_refused', { words: messageOf(error) }), {
      param: 'messages',
      cause: error,
    });
  }
}

/** The template of the file, or that of a family known by its tokens; undefined where neither is there. */
export function createChatTemplate({ source, bosString, eosString, isToken }: TemplateModel): ChatTemplate | undefined {
  const text = source ?? families.find(([token]) => isToken(token))?.[1];
  if (text === undefined) return undefined;
  const template = parseTemplate(text);
  const knowsTools = /\btools\b/.test(text);
  return {
    knowsTools,
    render(messages, tools) {
      const shown = knowsTools ? messages : withToolsDescribed(messages, tools);
      const variables = {
        messages: shown.map(toTemplateMessage),
        add_generation_prompt: true,
        bos_token: bosString,
        eos_token: eosString,
        ...(knowsTools && tools.length > 0 ? { tools } : {}),
      };
      return runWithLimit(() => template.render(variables));
    },
  };
}
