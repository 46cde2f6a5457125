import { randomUUID } from 'node:crypto';

/** A whole call, as the model wrote it. */
export interface FoundCall {
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** Tells text from tool calls while the text comes. */
export interface ToolCallReader {
  push(text: string): { readonly text: string; readonly calls: readonly FoundCall[] };
  end(): { readonly text: string; readonly calls: readonly FoundCall[] };
}

const toCall = (name: string, args: unknown): FoundCall => ({
  id: `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`,
  name,
  arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{"name": …, "arguments" or "parameters": …}`, alone or in a list; undefined when it is anything else, or names an unknown tool. */
function toCalls(value: unknown, tools: ReadonlySet<string>): FoundCall[] | undefined {
  if (Array.isArray(value)) {
    const lists = value.map((item) => toCalls(item, tools));
    return lists.length > 0 && lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, arguments: args, parameters } = value as { name?: unknown; arguments?: unknown; parameters?: unknown };
  return typeof name === 'string' && tools.has(name) ? [toCall(name, args ?? parameters)] : undefined;
}

/** Several objects may follow each other, parted by ";" or line breaks. */
function toCallSequence(text: string, tools: ReadonlySet<string>): FoundCall[] | undefined {
  const whole = toCalls(parseJson(text), tools);
  if (whole) return whole;
  const lists = text.split(/(?<=\})\s*[;\n]\s*(?=\{)/).map((part) => toCalls(parseJson(part), tools));
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}

/** Mistral's newer form: name[ARGS]{…}. */
function toNamedCall(text: string, tools: ReadonlySet<string>): FoundCall[] | undefined {
  const [, name, args] = /^\s*([\w.-]+)\s*(?:\[ARGS\]\s*)?(\{.*\})\s*$/s.exec(text) ?? [];
  return name !== undefined && args !== undefined && tools.has(name) && parseJson(args) !== undefined ? [toCall(name, args)] : undefined;
}

interface Format {
  readonly start: string;
  /** Where a call ends; the end of the answer where there is none. */
  readonly end: string | undefined;
}

/** Hermes and Qwen; Mistral; Llama 3. */
const formats: readonly Format[] = [
  { start: '<tool_call>', end: '</tool_call>' },
  { start: '[TOOL_CALLS]', end: undefined },
  { start: '<|python_tag|>', end: undefined },
];

function heldLength(text: string): number {
  const starts = formats.map(({ start }) => start);
  for (let length = Math.min(text.length, 13); length > 0; length--)
    if (starts.some((start) => start.length > length && start.startsWith(text.slice(-length)))) return length;
  return 0;
}

/**
 * Reads the forms in which the common families write calls. An answer that begins like a JSON object is held until its end, since
 * Llama 3 and models that are forced by a grammar write their call bare.
 */
export function createToolCallReader(toolNames: readonly string[]): ToolCallReader {
  const tools = new Set(toolNames);
  let held = '';
  let open: Format | undefined;
  let isBare: boolean | undefined;
  let isAfterCall = false;

  const toPieces = (raw: string, format: Format) => {
    const calls = toCallSequence(raw.trim(), tools) ?? toNamedCall(raw, tools);
    return calls ? { text: '', calls } : { text: format.start + raw + (format.end ?? ''), calls: [] };
  };

  /** Takes one step through what is held; undefined when more text is needed. */
  const readOn = (): { text: string; calls: readonly FoundCall[] } | undefined => {
    if (open) {
      const end = open.end === undefined ? -1 : held.indexOf(open.end);
      if (end < 0) return undefined;
      const pieces = toPieces(held.slice(0, end), open);
      held = held.slice(end + (open.end?.length ?? 0));
      open = undefined;
      isAfterCall = pieces.calls.length > 0;
      return pieces;
    }
    const next = formats
      .map((format) => ({ format, at: held.indexOf(format.start) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (!next) return undefined;
    const text = isAfterCall ? held.slice(0, next.at).trimStart() : held.slice(0, next.at);
    held = held.slice(next.at + next.format.start.length);
    open = next.format;
    return { text: text.trim() === '' ? '' : text, calls: [] };
  };

  const readAll = () => {
    let text = '';
    const calls: FoundCall[] = [];
    for (let pieces = readOn(); pieces; pieces = readOn()) {
      text += pieces.text;
      calls.push(...pieces.calls);
    }
    return { text, calls };
  };

  return {
    push(more) {
      held += more;
      if (isBare === undefined && held.trim() !== '') isBare = held.trimStart().startsWith('{');
      if (isBare || isBare === undefined) return { text: '', calls: [] };
      const { text, calls } = readAll();
      if (open) return { text, calls };
      if (isAfterCall) held = held.trimStart(); // the line break between two calls is not an answer
      if (held !== '') isAfterCall = false;
      const length = heldLength(held);
      const shown = held.slice(0, held.length - length);
      held = held.slice(held.length - length);
      return { text: text + shown, calls };
    },
    end() {
      const rest = held;
      held = '';
      if (isBare) {
        const calls = toCallSequence(rest.trim(), tools);
        return calls ? { text: '', calls } : { text: rest, calls: [] };
      }
      return open ? toPieces(rest, { ...open, end: undefined }) : { text: rest, calls: [] };
    },
  };
}
