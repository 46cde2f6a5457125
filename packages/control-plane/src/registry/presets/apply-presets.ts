import type { Presets } from './presets.ts';

type Fields = Record<string, unknown>;

interface Message {
  readonly role?: unknown;
}

/** Ollama's names for what the engines' dialect calls otherwise; the rest has one name in both. */
const renamed: Readonly<Record<string, string>> = { num_predict: 'max_tokens' };
const sampling = new Set([
  'num_predict',
  'seed',
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'typical_p',
  'repeat_last_n',
  'repeat_penalty',
  'presence_penalty',
  'frequency_penalty',
  'stop',
]);

/** A limit below one means none, and so does a seed below zero. */
const isNone = (name: string, value: unknown) => (name === 'num_predict' && Number(value) < 1) || (name === 'seed' && Number(value) < 0);

function toSampling({ parameters }: Presets, given: Fields): Fields {
  const entries = Object.entries(parameters).filter(([name, value]) => sampling.has(name) && !isNone(name, value));
  const fields = entries.map(([name, value]) => [renamed[name] ?? name, value] as const);
  return Object.fromEntries(fields.filter(([name]) => given[name] === undefined || given[name] === null));
}

const isSystem = ({ role }: Message) => role === 'system' || role === 'developer';

/** As Ollama does it: the stored conversation first, and before it the stored system message where the request begins without one. */
function toMessages({ system, messages }: Presets, given: readonly Message[]): readonly Message[] {
  const [first] = given;
  const all = [...messages, ...given];
  return system === '' || (first !== undefined && isSystem(first)) ? all : [{ role: 'system', content: system } as Message, ...all];
}

/** What a request leaves out is what came with the model. Pure. */
export function applyPresets(body: Fields, presets: Presets): Fields {
  const own = toSampling(presets, { ...body, max_tokens: body['max_tokens'] ?? body['max_completion_tokens'] });
  const given = body['messages'];
  const messages = Array.isArray(given) ? { messages: toMessages(presets, given as Message[]) } : {};
  return { ...body, ...own, ...messages };
}
