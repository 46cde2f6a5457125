import type { ChatOptions } from './chat-options.ts';
import type { BranchStep } from './message-tree.ts';

/** Text as one word of a POSIX shell. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same question for a terminal: the messages up to and with the last one of a person, and the chat's options, for the OpenAI door. */
export function toCurl(origin: string, model: string, steps: readonly BranchStep[], { system, ...options }: ChatOptions = {}): string {
  const lastQuestion = steps.findLastIndex(({ message }) => message.role === 'user');
  const asked = steps.slice(0, lastQuestion + 1).map(({ message: { role, content } }) => ({ role, content }));
  const messages = system ? [{ role: 'system', content: system }, ...asked] : asked;
  const body = JSON.stringify({ model, stream: true, ...options, messages }, undefined, 2);
  return [`curl -N ${origin}/v1/chat/completions`, `-H 'content-type: application/json'`, `-d ${quote(body)}`].join(' \\\n  ');
}
