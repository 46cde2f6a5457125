import { type ChatMessage, type ChatTurn, ClusterError, phrase } from '@cluster-ai/contracts';

export interface DialogueMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What the model is shown for a turn: the branch from the first message down to the turn's parent, then the new message. */
export function toDialogue(messages: readonly ChatMessage[], turn: ChatTurn): readonly DialogueMessage[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const branch: DialogueMessage[] = [];
  for (let id = turn.parentId; id !== null; ) {
    const message = byId.get(id);
    if (!message) throw new ClusterError('invalid_request', phrase('parent_not_in_chat'), { param: 'parentId' });
    branch.unshift({ role: message.role, content: message.content });
    id = message.parentId;
  }
  const asked: readonly DialogueMessage[] = turn.content === undefined ? branch : [...branch, { role: 'user', content: turn.content }];
  if (asked.at(-1)?.role !== 'user') throw new ClusterError('invalid_request', phrase('nothing_to_answer'), { param: 'parentId' });
  const system = turn.options?.system;
  const answered = asked.filter(({ role, content }) => role !== 'assistant' || content !== '');
  return system ? [{ role: 'system', content: system }, ...answered] : answered;
}

/** The dialogue without the older half of its turns, beginning with a person's message; `undefined` when only the question is left. */
export function shortenDialogue(dialogue: readonly DialogueMessage[]): readonly DialogueMessage[] | undefined {
  const system = dialogue.filter(({ role }) => role === 'system');
  const turns = dialogue.filter(({ role }) => role !== 'system');
  if (turns.length < 2) return undefined;
  const half = turns.slice(Math.ceil(turns.length / 2));
  const start = half.findIndex(({ role }) => role === 'user');
  return [...system, ...half.slice(Math.max(0, start))];
}

/** A title out of the first message: its first line, cut at a word. */
export function toTitle(content: string): string {
  const line = content.trim().split('\n')[0] ?? '';
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 40))}…`;
}
