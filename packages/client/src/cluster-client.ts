import type {
  AddModelInput,
  ApiKey,
  Backup,
  BackupInput,
  Certificate,
  CertificateAuthority,
  Chat,
  ChatDetails,
  ChatList,
  ChatStreamEvent,
  ChatTurn,
  ClusterEvent,
  ClusterStatus,
  Config,
  CreateApiKeyInput,
  CreateChatInput,
  CreatedApiKey,
  CreateInvitationInput,
  FoundFile,
  GenerateAnswer,
  GenerateInput,
  Invitation,
  LoadModelInput,
  Me,
  Model,
  ModelDetails,
  ModelList,
  Node,
  UpdateChatInput,
} from '@cluster-ai/contracts';
import { type CallOptions, createHttp } from './http.ts';

/** Where the cluster is, and how to reach it. */
export interface ClusterClientOptions {
  /** For example `http://127.0.0.1:3000`. Empty: the address that the page came from. */
  readonly baseUrl: string;
  /** A key of the cluster (`cluster-ai keys create`), where one is needed. */
  readonly key?: string | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** One event of the cluster, with the id from which `watchEvents` can go on. */
export interface IdentifiedClusterEvent {
  readonly id: string;
  readonly event: ClusterEvent;
}

/** A prompt without a chat: what `GenerateRequest` has, less `stream`, which the method decides. */
export type Prompt = Omit<GenerateInput, 'stream'>;

/** A piece of a streamed answer. The last one has `done: true` and the facts of the whole answer. */
export interface GeneratePart extends Partial<Omit<GenerateAnswer, 'response'>> {
  readonly response: string;
  readonly done?: boolean;
}

/** Which chats to list: those whose title or messages have `search` in them, beginning after `cursor`. */
export interface ListChatsInput {
  readonly cursor?: string | undefined;
  readonly search?: string | undefined;
}

/** How to follow the cluster's events. */
export interface WatchEventsOptions extends CallOptions {
  /** The id of the last event that was seen: what came after it is replayed. When it is gone, the first event is `resync`. */
  readonly lastEventId?: string | undefined;
  /** Called for every piece that arrives, keep-alive comments too. */
  readonly onActivity?: (() => void) | undefined;
}

/**
 * The native API of a cluster (`/api/v1`), one method per route. Every method throws `ClusterError`: with the code that the server
 * gave, or with `not_running` when nothing answers. Aborting the signal rejects with its reason.
 */
export interface ClusterClient {
  /** Counters, load and condition of the whole cluster. */
  getClusterStatus(options?: CallOptions): Promise<ClusterStatus>;
  /** The configuration that is in force, defaults filled in. */
  getConfig(options?: CallOptions): Promise<Config>;

  /** Who calls, and what he may do. */
  getMe(options?: CallOptions): Promise<Me>;
  /** The caller's keys; all of them for who manages people. Newest first. */
  listKeys(options?: CallOptions): Promise<readonly ApiKey[]>;
  /** Makes a key for a program. The key itself is in this answer and nowhere else. Throws `forbidden` for one that could do more than the caller. */
  createKey(input: CreateApiKeyInput, options?: CallOptions): Promise<CreatedApiKey>;
  /** Ends a key at once. Throws `key_not_found`. */
  revokeKey(id: string, options?: CallOptions): Promise<ApiKey>;

  /** All machines, the unreachable ones with their last known measurements. */
  listNodes(options?: CallOptions): Promise<readonly Node[]>;
  /** One machine by id (or name). Throws `node_not_found`. */
  getNode(id: string, options?: CallOptions): Promise<Node>;
  /** Lets a machine that joined work, where that needs somebody's approval; nothing happens for one that may already. Throws `node_not_found`. */
  approveNode(id: string, options?: CallOptions): Promise<Node>;
  /** Removes a machine and revokes its certificate. Throws `node_not_found`, `conflict` for the control plane's own. */
  removeNode(id: string, options?: CallOptions): Promise<void>;
  /** Makes a token for one more machine. It is shown once and works once. */
  createInvitation(input?: CreateInvitationInput, options?: CallOptions): Promise<Invitation>;

  /** The certificates of the cluster's authority, its listeners and its nodes. */
  listCertificates(options?: CallOptions): Promise<readonly Certificate[]>;
  /** Renews what the listeners show, now. Throws what kept it from being renewed. */
  renewCertificates(options?: CallOptions): Promise<readonly Certificate[]>;
  /** The certificate of the cluster's own authority. Needs no key. */
  getCertificateAuthority(options?: CallOptions): Promise<CertificateAuthority>;

  /** All models, and the condition of serving as a whole. */
  listModels(options?: CallOptions): Promise<ModelList>;
  /** One model with its versions. Throws `model_not_found`. */
  getModel(name: string, options?: CallOptions): Promise<ModelDetails>;
  /** Registers a file that lies on the control plane's machine. Throws `file_not_found`, `invalid_model_file`, `already_exists`, `disk_full`. */
  addModel(input: AddModelInput, options?: CallOptions): Promise<Model>;
  /** Removes a model with its versions. Throws `model_not_found`, `in_use`. */
  removeModel(name: string, options?: CallOptions): Promise<void>;
  /** Weights that already lie on the cluster's machines. */
  listFoundFiles(options?: CallOptions): Promise<readonly FoundFile[]>;
  /** Has a model loaded now instead of on first use; answers when a replica is ready. Throws `model_not_found`, `not_enough_memory`, `no_ready_node`. */
  loadModel(name: string, input?: LoadModelInput, options?: CallOptions): Promise<Model>;
  /** Stops the model's replicas; it loads again on the next request. Throws `model_not_found`. */
  unloadModel(name: string, options?: CallOptions): Promise<Model>;

  /** What happens in the cluster, until the connection ends. */
  watchEvents(options?: WatchEventsOptions): AsyncGenerator<IdentifiedClusterEvent, void, undefined>;

  /** Chats, newest first, a page at a time; pinned ones come with the first page. */
  listChats(input?: ListChatsInput, options?: CallOptions): Promise<ChatList>;
  /** Begins an empty chat. */
  createChat(input: CreateChatInput, options?: CallOptions): Promise<Chat>;
  /** A chat with all its messages, of every branch. Throws `chat_not_found`. */
  getChat(id: string, options?: CallOptions): Promise<ChatDetails>;
  /** Changes title, model, pin or the branch that is shown. Throws `chat_not_found`. */
  updateChat(id: string, input: UpdateChatInput, options?: CallOptions): Promise<ChatDetails>;
  /** Removes a chat for good. Throws `chat_not_found`. */
  removeChat(id: string, options?: CallOptions): Promise<void>;
  /** Has a message answered; see `ChatTurn`. Leaving the loop does not stop the answer: `stopChat` does. */
  takeTurn(id: string, turn: ChatTurn, options?: CallOptions): AsyncGenerator<ChatStreamEvent, void, undefined>;
  /** Follows an answer that is under way, from its beginning. Ends at once with `done` when none is. */
  attachToChat(id: string, options?: CallOptions): AsyncGenerator<ChatStreamEvent, void, undefined>;
  /** Stops the answer that is under way; what was written stays. */
  stopChat(id: string, options?: CallOptions): Promise<void>;

  /** Answers one prompt, without a chat. */
  generate(input: Prompt, options?: CallOptions): Promise<GenerateAnswer>;
  /** Answers one prompt piece by piece; the last piece has `done: true` and the usage. */
  generateStream(input: Prompt, options?: CallOptions): AsyncGenerator<GeneratePart, void, undefined>;

  /** Writes state (and models) into one archive on the control plane's machine. Throws `already_exists`, `disk_full`. */
  createBackup(input: BackupInput, options?: CallOptions): Promise<Backup>;
}

/** Builds a client of the cluster at `baseUrl`. Works in browsers and in Node. */
export function createClusterClient({ baseUrl, key, fetch = globalThis.fetch.bind(globalThis) }: ClusterClientOptions): ClusterClient {
  const { request, stream } = createHttp({ baseUrl, fetch, key });
  const part = encodeURIComponent;

  async function* readChat(events: AsyncIterable<{ readonly data: string }>): AsyncGenerator<ChatStreamEvent, void, undefined> {
    for await (const { data } of events) yield JSON.parse(data) as ChatStreamEvent;
  }

  async function* watchEvents({
    lastEventId,
    ...options
  }: WatchEventsOptions = {}): AsyncGenerator<IdentifiedClusterEvent, void, undefined> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    for await (const { id, data } of stream({ path: 'events', headers, ...options })) yield { id, event: JSON.parse(data) as ClusterEvent };
  }

  async function* generateStream(input: Prompt, options?: CallOptions): AsyncGenerator<GeneratePart, void, undefined> {
    const call = { method: 'POST', path: 'generate', body: { ...input, stream: true }, ...options } as const;
    for await (const { data } of stream(call)) yield JSON.parse(data) as GeneratePart;
  }

  return {
    getClusterStatus: (options) => request({ path: 'cluster/status', ...options }),
    getConfig: (options) => request({ path: 'config', ...options }),

    getMe: (options) => request({ path: 'me', ...options }),
    listKeys: async (options) => (await request<{ keys: readonly ApiKey[] }>({ path: 'keys', ...options })).keys,
    createKey: (body, options) => request({ method: 'POST', path: 'keys', body, ...options }),
    revokeKey: (id, options) => request({ method: 'DELETE', path: `keys/${part(id)}`, ...options }),

    listNodes: async (options) => (await request<{ nodes: readonly Node[] }>({ path: 'nodes', ...options })).nodes,
    getNode: (id, options) => request({ path: `nodes/${part(id)}`, ...options }),
    approveNode: (id, options) => request({ method: 'POST', path: `nodes/${part(id)}/approve`, ...options }),
    removeNode: (id, options) => request({ method: 'DELETE', path: `nodes/${part(id)}`, ...options }),
    createInvitation: (input = {}, options) => request({ method: 'POST', path: 'nodes/invitations', body: input, ...options }),

    listCertificates: async (options) =>
      (await request<{ certificates: readonly Certificate[] }>({ path: 'certificates', ...options })).certificates,
    renewCertificates: async (options) =>
      (await request<{ certificates: readonly Certificate[] }>({ method: 'POST', path: 'certificates/renew', ...options })).certificates,
    getCertificateAuthority: (options) => request({ path: 'certificates/authority', ...options }),

    listModels: (options) => request({ path: 'models', ...options }),
    getModel: (name, options) => request({ path: `models/${part(name)}`, ...options }),
    addModel: (input, options) => request({ method: 'POST', path: 'models', body: input, ...options }),
    removeModel: (name, options) => request({ method: 'DELETE', path: `models/${part(name)}`, ...options }),
    listFoundFiles: async (options) => (await request<{ files: readonly FoundFile[] }>({ path: 'models/found', ...options })).files,
    loadModel: (name, input = {}, options) => request({ method: 'POST', path: `models/${part(name)}/load`, body: input, ...options }),
    unloadModel: (name, options) => request({ method: 'POST', path: `models/${part(name)}/unload`, body: {}, ...options }),

    watchEvents,

    listChats: ({ cursor, search } = {}, options) => request({ path: 'chats', query: { cursor, search }, ...options }),
    createChat: (input, options) => request({ method: 'POST', path: 'chats', body: input, ...options }),
    getChat: (id, options) => request({ path: `chats/${part(id)}`, ...options }),
    updateChat: (id, input, options) => request({ method: 'PATCH', path: `chats/${part(id)}`, body: input, ...options }),
    removeChat: (id, options) => request({ method: 'DELETE', path: `chats/${part(id)}`, ...options }),
    takeTurn: (id, turn, options) => readChat(stream({ method: 'POST', path: `chats/${part(id)}/turns`, body: turn, ...options })),
    attachToChat: (id, options) => readChat(stream({ path: `chats/${part(id)}/stream`, ...options })),
    stopChat: (id, options) => request({ method: 'POST', path: `chats/${part(id)}/stop`, body: {}, ...options }),

    generate: (input, options) => request({ method: 'POST', path: 'generate', body: { ...input, stream: false }, ...options }),
    generateStream,

    createBackup: (input, options) => request({ method: 'POST', path: 'backups', body: input, ...options }),
  };
}
