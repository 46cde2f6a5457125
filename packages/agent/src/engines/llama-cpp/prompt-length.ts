import { ClusterError, phrase } from '@cluster-ai/contracts';

/** What tools cost in a prompt. */
export interface ToolShare {
  readonly count: number;
  readonly tokens: number;
}

/** Throws ClusterError `context_length_exceeded` where no token would be left for the answer. */
export function checkPromptLength(promptTokens: number, contextSize: number, tools?: ToolShare): void {
  if (promptTokens < contextSize) return;
  const details = { promptTokens, contextSize };
  if (tools === undefined)
    throw new ClusterError('context_length_exceeded', phrase('prompt_too_long', { tokens: promptTokens, context: contextSize }), {
      hint: phrase('shorten_the_conversation'),
      details,
    });
  // programs offer dozens of tools with every question, and whoever typed one sentence would look for the fault in that sentence
  const said = { tokens: promptTokens, toolTokens: tools.tokens, tools: tools.count, context: contextSize };
  throw new ClusterError('context_length_exceeded', phrase('prompt_too_long_with_tools', said), {
    hint: phrase('offer_fewer_tools'),
    details: { ...details, toolTokens: tools.tokens },
  });
}
