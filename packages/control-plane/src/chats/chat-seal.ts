import { type AnswerFacts, ClusterError, type GenerationOptions } from '@cluster-ai/contracts';
import type { ChatKey, ChatKeys } from '../access/privacy/chat-keys.ts';
import { openBytes, readSealHeader, type SealContext, sealBytes } from '../access/secrets/sealed-bytes.ts';
import type { Query } from '../stores/database.ts';
import type { ChatMessageRow, ChatRow } from '../stores/tables.ts';

/** What people wrote in a chat, and how they want it answered (their system text stands there). */
export interface ChatText {
  readonly title: string;
  readonly options: GenerationOptions;
}
export interface MessageText {
  readonly content: string;
  readonly answer: AnswerFacts | null;
}

type ChatPlace = Pick<ChatRow, 'id' | 'owner_id'>;
type MessagePlace = Pick<ChatMessageRow, 'id' | 'chat_id'>;
type ChatColumns = Pick<ChatRow, 'title' | 'options_json' | 'sealed'>;
type MessageColumns = Pick<ChatMessageRow, 'content' | 'answer_json' | 'sealed'>;

/** Turns what people wrote into columns, sealed or not, and back whichever way they were written. */
export interface ChatSeal {
  readonly isOn: boolean;
  /** Before a transaction in which something of this owner is sealed. */
  prepare(ownerId: string): Promise<void>;
  toChatColumns(query: Query, place: ChatPlace, text: ChatText): Promise<ChatColumns>;
  toMessageColumns(query: Query, ownerId: string, place: MessagePlace, text: MessageText): Promise<MessageColumns>;
  /** `undefined` when the key is gone, or the bytes belong to another row or person. */
  readChat(row: ChatPlace & ChatColumns): Promise<ChatText | undefined>;
  /** As `readChat`. */
  readMessage(ownerId: string, row: MessagePlace & MessageColumns): Promise<MessageText | undefined>;
}

const KEY_VERSION = 1; // a person's key is never replaced

const chatContext = ({ id }: ChatPlace): SealContext => ({ table: 'chats', column: 'sealed', row: id });
/** With its chat, so that no message can be moved to another one. */
const messageContext = ({ id, chat_id }: MessagePlace): SealContext => ({
  table: 'chat_messages',
  column: 'sealed',
  row: `${chat_id} ${id}`,
});

const seal = ({ id, key }: ChatKey, context: SealContext, text: ChatText | MessageText) =>
  sealBytes(key, { purpose: id, version: KEY_VERSION }, context, Buffer.from(JSON.stringify(text), 'utf8'));

export function createChatSeal({ keys, isOn }: { readonly keys: ChatKeys; readonly isOn: boolean }): ChatSeal {
  async function getKey(query: Query, ownerId: string): Promise<ChatKey> {
    const key = await keys.current(query, ownerId);
    if (key !== undefined) return key;
    throw new ClusterError('conflict', 'The chats have just been given to somebody else.', { hint: 'Try again.' });
  }

  async function open(ownerId: string, context: SealContext, sealed: Uint8Array): Promise<unknown> {
    const key = await keys.find(readSealHeader(sealed)?.purpose ?? '', ownerId);
    const text = key && openBytes(key.key, context, sealed);
    return text && JSON.parse(text.toString('utf8'));
  }

  return {
    isOn,
    prepare: async (ownerId) => (isOn ? keys.prepare(ownerId) : undefined),

    async toChatColumns(query, place, text) {
      if (!isOn) return { title: text.title, options_json: JSON.stringify(text.options), sealed: null };
      return { title: '', options_json: '{}', sealed: seal(await getKey(query, place.owner_id), chatContext(place), text) };
    },

    async toMessageColumns(query, ownerId, place, text) {
      const { content, answer } = text;
      if (!isOn) return { content, answer_json: answer === null ? null : JSON.stringify(answer), sealed: null };
      return { content: '', answer_json: null, sealed: seal(await getKey(query, ownerId), messageContext(place), text) };
    },

    async readChat(row) {
      if (row.sealed !== null) return (await open(row.owner_id, chatContext(row), row.sealed)) as ChatText | undefined;
      return { title: row.title, options: JSON.parse(row.options_json) as GenerationOptions };
    },

    async readMessage(ownerId, row) {
      if (row.sealed !== null) return (await open(ownerId, messageContext(row), row.sealed)) as MessageText | undefined;
      return { content: row.content, answer: row.answer_json === null ? null : (JSON.parse(row.answer_json) as AnswerFacts) };
    },
  };
}
