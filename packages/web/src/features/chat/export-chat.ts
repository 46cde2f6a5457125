import type { ChatDetails } from '@cluster-ai/contracts';
import { toBranch } from './message-tree.ts';

/** What the page calls things, and how it writes a time. */
export interface ExportWords {
  readonly untitled: string;
  readonly you: string;
  readonly system: string;
  readonly failed: string;
  dateTime(iso: string): string;
}

const quoted = (text: string) => text.replace(/^/gm, '> ');

/** The branch that is shown, as Markdown: what was said already is. */
export function toMarkdown(chat: ChatDetails, words: ExportWords): string {
  const { system } = chat.options;
  const head = [`# ${chat.title || words.untitled}`, `${chat.model} · ${words.dateTime(chat.createdAt)}`];
  const messages = toBranch(chat.messages, chat.headId).map(({ message: { role, content, answer, createdAt } }) => {
    const who = role === 'user' ? words.you : [answer?.model ?? chat.model, answer?.node].filter(Boolean).join(' · ');
    const failure = answer?.error ? quoted(`${words.failed} ${answer.error.message}`) : '';
    return [`## ${who}`, `*${words.dateTime(createdAt)}*`, content.trim(), failure].filter((part) => part !== '').join('\n\n');
  });
  return `${[...head, ...(system ? [quoted(`**${words.system}**\n\n${system}`)] : []), ...messages].join('\n\n')}\n`;
}

/** Everything that the API gives of a chat, every branch of it. */
export const toJson = (chat: ChatDetails): string => `${JSON.stringify(chat, undefined, 2)}\n`;
