import { ClusterError } from '@cluster-ai/contracts';
import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import type { ResponseFormat, Tool } from '../openai-dialect/index.ts';
import { anyJsonObject, toGrammar } from './json-schema-grammar.ts';

/** Builds the rules that an answer must follow. Throws ClusterError `invalid_request` where they cannot be built. */
export interface GrammarMaker {
  forFormat(request: {
    readonly grammar: string | undefined;
    readonly response_format: ResponseFormat | undefined;
  }): Promise<LlamaGrammar | undefined>;
  /** One call of one of these tools. */
  forToolCall(tools: readonly Tool[]): Promise<LlamaGrammar>;
}

/** The parser of the runtime recurses on brackets; a stack overflow would end the process. */
const deepestNesting = 100;
/**
 * The runtime writes "{n}" out n times. Where the repeated thing may be empty the work grows with the cube of that (200: a second, 1000: minutes),
 * in which nobody else is served. So groups and rules may be counted only so often, all counts multiplied; single characters as often as one likes.
 */
const mostCountedCopies = 256;

const refuseGrammar = (message: string) => new ClusterError('invalid_request', message, { param: 'grammar' });

/** Literals and character classes say nothing about the structure. One that has no end goes on to the end, so that nothing is read twice. */
const withoutTexts = (grammar: string) =>
  grammar.replace(/#.*$/gm, '').replace(/"(?:\\[\s\S]?|[^"\\])*(?:"|$)|\[(?:\\[\s\S]?|[^\]\\])*(?:\]|$)/g, '"');

/** Throws ClusterError `invalid_request` for a grammar of a caller that would be too much for the runtime. */
export function checkGrammar(grammar: string): void {
  const structure = withoutTexts(grammar);
  let depth = 0;
  for (const character of structure) {
    if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth > deepestNesting) throw refuseGrammar('The grammar is nested too deeply.');
  }
  const counts = Array.from(structure.matchAll(/(?<=[\w)*+?}-]\s*)\{\s*(?:(\d+)\s*)?(?:,\s*(?:(\d+)\s*)?)?\}/g), ([, least, most]) =>
    Number(most || least || 1),
  );
  const copies = counts.reduce((product, count) => product * Math.max(1, count), 1);
  if (copies > mostCountedCopies)
    throw refuseGrammar(`The grammar repeats groups or rules too often ({…}, more than ${mostCountedCopies} in all). Use "*" instead.`);
}

const toToolSchema = ({ function: { name, parameters } }: Tool) => ({
  type: 'object',
  properties: { name: { const: name }, arguments: parameters ?? { type: 'object' } },
  required: ['name', 'arguments'],
});

export function createGrammarMaker(llama: Llama): GrammarMaker {
  const build = async (grammar: string, param: string): Promise<LlamaGrammar> => {
    try {
      return await llama.createGrammar({ grammar });
    } catch (cause) {
      throw new ClusterError('invalid_request', `llama.cpp cannot read the grammar of ${param}.`, { param, cause });
    }
  };
  return {
    async forFormat({ grammar, response_format: format }) {
      if (grammar !== undefined) {
        checkGrammar(grammar);
        return build(grammar, 'grammar');
      }
      if (format === undefined || format.type === 'text') return undefined;
      const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
      return build(toGrammar(schema ?? anyJsonObject, 'response_format.json_schema.schema'), 'response_format');
    },
    forToolCall: (tools) => {
      // definitions of each tool's parameters are looked up inside them, so each becomes a grammar root of its own
      const roots = tools.map(toToolSchema);
      return build(toGrammar(roots.length === 1 ? roots[0] : { anyOf: roots }, 'tools'), 'tools');
    },
  };
}
