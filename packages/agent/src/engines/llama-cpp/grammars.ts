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

function checkNesting(grammar: string) {
  let depth = 0;
  for (const character of grammar) {
    if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth > deepestNesting) throw new ClusterError('invalid_request', 'The grammar is nested too deeply.', { param: 'grammar' });
  }
}

const toToolSchema = ({ function: { name, parameters } }: Tool) => ({
  type: 'object',
  properties: { name: { const: name }, arguments: parameters ?? { type: 'object' } },
  required: ['name', 'arguments'],
});

export function createGrammarMaker(llama: Llama): GrammarMaker {
  const build = async (grammar: string, param: string): Promise<LlamaGrammar> => {
    checkNesting(grammar);
    try {
      return await llama.createGrammar({ grammar });
    } catch (cause) {
      throw new ClusterError('invalid_request', `llama.cpp cannot read the grammar that ${param} asks for.`, { param, cause });
    }
  };
  return {
    async forFormat({ grammar, response_format: format }) {
      if (grammar !== undefined) return build(grammar, 'grammar');
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
