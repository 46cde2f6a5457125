import { ClusterError } from '@cluster-ai/contracts';

/** What tools cost in a prompt. */
export interface ToolShare {
  readonly count: number;
  readonly tokens: number;
}

// programs offer dozens of tools with every question, and whoever typed one sentence would look for the fault in that sentence
const sayTools = ({ count, tokens }: ToolShare) =>
  `; ${tokens} of them describe the ${count === 1 ? 'tool' : `${count} tools`} that came with the request`;

/** Throws ClusterError `context_length_exceeded` where no token would be left for the answer. */
export function checkPromptLength(promptTokens: number, contextSize: number, tools?: ToolShare): void {
  if (promptTokens < contextSize) return;
  const shorter = tools === undefined ? 'Shorten the conversation' : 'Offer fewer tools, shorten the conversation';
  throw new ClusterError(
    'context_length_exceeded',
    `The prompt has ${promptTokens} tokens${tools === undefined ? '' : sayTools(tools)}, and this replica's context holds ${contextSize}, the answer included.`,
    {
      hint: `${shorter}, or deploy the model with a larger context.`,
      details: { promptTokens, contextSize, ...(tools === undefined ? {} : { toolTokens: tools.tokens }) },
    },
  );
}
