import type {
  AccessState,
  AddModelInput,
  AddPasskeyInput,
  ApiKey,
  AuditCheckpointList,
  AuditFilter,
  AuditFormat,
  AuditList,
  AuditVerification,
  Backup,
  BackupInput,
  Certificate,
  CertificateAuthority,
  Chat,
  ChatDetails,
  ChatList,
  ChatStreamEvent,
  ChatTurn,
  ChoosePasswordInput,
  ClusterEvent,
  ClusterStatus,
  Config,
  CreateApiKeyInput,
  CreateChatInput,
  CreatedApiKey,
  CreatedPerson,
  CreateInvitationInput,
  CreatePersonInput,
  CreateServiceAccountInput,
  ErasedPerson,
  ForgottenPasswordInput,
  FoundFile,
  GenerateAnswer,
  GenerateInput,
  ImportInput,
  ImportPreview,
  Invitation,
  InvitePersonInput,
  LoadHistory,
  LoadModelInput,
  Model,
  ModelDetails,
  ModelList,
  Newcomer,
  Node,
  Operation,
  Passkey,
  PasskeyOptions,
  PasskeySignInInput,
  Person,
  PersonExport,
  Profile,
  PushRequest,
  PutSecret,
  RecoveryCodes,
  ResetPasswordInput,
  RoleList,
  RotateSecretsInput,
  Secret,
  SecretsStatus,
  SentLink,
  Session,
  SignInInput,
  SignInOptions,
  TotpSeed,
  UpdateChatInput,
  UpdatePersonInput,
  UpdateProfileInput,
  UsageReport,
  VerifyAuditInput,
} from '@cluster-ai/contracts';
import { type ComputeClient, createComputeClient } from './compute-client.ts';
import { type CallOptions, createHttp, type HttpOptions } from './http.ts';
import { createRegistryClient, type RegistryClient } from './registry-client.ts';
import { createTasksClient, type TasksClient } from './tasks-client.ts';

/** Where the cluster is, and how to reach it. */
export interface ClusterClientOptions {
  /** For example `http://127.0.0.1:3000`. Empty: the address that the page came from. */
  readonly baseUrl: string;
  /** A key of the cluster (`cluster-ai keys create`), where one is needed. */
  readonly key?: string | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Hears of each answer that is an error, before the method throws it. */
  readonly onRefused?: HttpOptions['onRefused'];
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

/** Which lines of the audit record, beginning after `cursor`. */
export interface ListAuditInput extends Partial<AuditFilter> {
  readonly cursor?: string | undefined;
  /** 1 to 500; 50 when left out. */
  readonly limit?: number | undefined;
}

/** Which lines of the audit record, and as what. */
export interface ExportAuditInput extends Partial<AuditFilter> {
  readonly format?: AuditFormat | undefined;
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
export interface ClusterClient extends RegistryClient, TasksClient, ComputeClient {
  /** Counters, load and condition of the whole cluster. */
  getClusterStatus(options?: CallOptions): Promise<ClusterStatus>;
  /** How busy the cluster was in the last ten minutes. */
  getLoadHistory(options?: CallOptions): Promise<LoadHistory>;
  /** The configuration that is in force, defaults filled in. */
  getConfig(options?: CallOptions): Promise<Config>;

  /** Who comes in without a credential, and why. */
  getAccessState(options?: CallOptions): Promise<AccessState>;
  /** The caller's keys; all of them for who manages people. Newest first. */
  listKeys(options?: CallOptions): Promise<readonly ApiKey[]>;
  /** Makes a key for a program. The key itself is in this answer and nowhere else. Throws `forbidden` for one that could do more than the caller. */
  createKey(input: CreateApiKeyInput, options?: CallOptions): Promise<CreatedApiKey>;
  /** What a key has used, and how much of its limits that is. Throws `key_not_found`. */
  getKeyUsage(id: string, options?: CallOptions): Promise<UsageReport>;
  /** Which role may do what. */
  listRoles(options?: CallOptions): Promise<RoleList>;
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
  /** Brings a model from elsewhere; answers at once with the operation, which goes on by itself. Throws `invalid_request`, `invalid_model_reference`. */
  importModel(input: ImportInput, options?: CallOptions): Promise<Operation>;
  /** What an import would bring. Throws `source_not_found`, `source_refused`, `address_refused`, `remote_failed`. */
  previewImport(input: ImportInput, options?: CallOptions): Promise<ImportPreview>;
  /** Sends a model to another registry; answers at once with the operation. Throws `model_not_found`. */
  pushModel(input: PushRequest, options?: CallOptions): Promise<Operation>;
  /** Long work: what runs, and what ended lately, newest first. */
  listOperations(options?: CallOptions): Promise<readonly Operation[]>;
  /** Throws `operation_not_found`. */
  getOperation(id: string, options?: CallOptions): Promise<Operation>;
  /** Throws `operation_not_found`, and `conflict` when it has ended. */
  cancelOperation(id: string, options?: CallOptions): Promise<Operation>;
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

  /** Who calls, and what he may do. Throws `unauthorized`, `session_ended`. */
  getMe(options?: CallOptions): Promise<Profile>;
  /** Changes one's own name, e-mail or password. Throws `credentials_invalid` for a wrong old password, `invalid_request` for a weak new one. */
  updateMe(input: UpdateProfileInput, options?: CallOptions): Promise<Person>;
  /** By what else than a password one can sign in. */
  getSignInOptions(options?: CallOptions): Promise<SignInOptions>;
  /** Signs in; in a browser the session is a cookie. Throws `credentials_invalid`, `second_factor_required`, `too_many_requests`. */
  signIn(input: SignInInput, options?: CallOptions): Promise<Profile>;
  signOut(options?: CallOptions): Promise<void>;
  /** Where one is signed in. */
  listSessions(options?: CallOptions): Promise<readonly Session[]>;
  /** Throws `session_not_found`. */
  endSession(id: string, options?: CallOptions): Promise<void>;
  /** Signs out everywhere, here too. */
  endAllSessions(options?: CallOptions): Promise<void>;
  /** A seed for an authenticator app. Throws `already_exists` when codes are switched on. */
  enrolTotp(options?: CallOptions): Promise<TotpSeed>;
  /** Switches codes on. Throws `credentials_invalid` for a wrong code. */
  confirmTotp(code: string, options?: CallOptions): Promise<RecoveryCodes>;
  /** Switches codes off. Throws `credentials_invalid`. */
  disableTotp(password: string, options?: CallOptions): Promise<void>;

  /** One's own passkeys. */
  listPasskeys(options?: CallOptions): Promise<readonly Passkey[]>;
  /** What `navigator.credentials.create` needs. Throws `credentials_invalid` for a wrong password, `unsupported_feature` where the page has no host name. */
  beginPasskey(password: string, options?: CallOptions): Promise<PasskeyOptions>;
  /** Keeps what the browser made. Throws `credentials_invalid`, `already_exists`. */
  addPasskey(input: AddPasskeyInput, options?: CallOptions): Promise<Passkey>;
  /** Throws `passkey_not_found`. */
  removePasskey(id: string, options?: CallOptions): Promise<void>;
  /** What `navigator.credentials.get` needs. Throws `unsupported_feature` where the page has no host name. */
  beginPasskeySignIn(options?: CallOptions): Promise<PasskeyOptions>;
  /** Throws `credentials_invalid`. */
  signInWithPasskey(input: PasskeySignInInput, options?: CallOptions): Promise<Profile>;

  /** Whether the first admin is still to come. */
  isSetupOpen(options?: CallOptions): Promise<boolean>;
  /** Makes the first admin by the link of the first start. Throws `setup_closed`, `link_invalid`, `invalid_request` for a weak password. */
  setUp(input: Newcomer, options?: CallOptions): Promise<Profile>;
  /** Makes a login by an invitation. Throws `link_invalid`, `already_exists`, `invalid_request` for a weak password. */
  acceptInvitation(input: Newcomer, options?: CallOptions): Promise<Profile>;
  /** Chooses a password by a link. Throws `link_invalid`, `invalid_request` for a weak password. */
  choosePassword(input: ChoosePasswordInput, options?: CallOptions): Promise<Profile>;
  /** Asks for a link for a new password by mail; the answer is the same whoever that is. Throws `unsupported_feature` where no mail is configured. */
  askForPassword(input: ForgottenPasswordInput, options?: CallOptions): Promise<void>;

  /** Everybody who has a login. */
  listPeople(options?: CallOptions): Promise<readonly Person[]>;
  /** One person by id or name. Throws `person_not_found`. */
  getPerson(id: string, options?: CallOptions): Promise<Person>;
  /** A login without a password, and the link by which it is chosen. Throws `already_exists`. */
  createPerson(input: CreatePersonInput, options?: CallOptions): Promise<CreatedPerson>;
  /** An account for programs: it has keys, and nobody signs in with it. Throws `already_exists`. */
  createServiceAccount(input: CreateServiceAccountInput, options?: CallOptions): Promise<Person>;
  /** What a person or service account has used with all keys, and how much of the limits that is. Throws `person_not_found`. */
  getPersonUsage(id: string, options?: CallOptions): Promise<UsageReport>;
  /** What the caller has used. */
  getOwnUsage(options?: CallOptions): Promise<UsageReport>;
  /** A link by which somebody makes a login of a given role. */
  invitePerson(input?: InvitePersonInput, options?: CallOptions): Promise<SentLink>;
  /** Throws `person_not_found`, `conflict` for the last admin. */
  updatePerson(id: string, input: UpdatePersonInput, options?: CallOptions): Promise<Person>;
  /** Throws `person_not_found`, `conflict` for the last admin. */
  removePerson(id: string, options?: CallOptions): Promise<void>;
  /** Everything that is stored about a person. Throws `person_not_found`. */
  exportPerson(id: string, options?: CallOptions): Promise<PersonExport>;
  /** Everything that is stored about who asks. */
  exportMe(options?: CallOptions): Promise<PersonExport>;
  /** Forgets a person: login, credentials, chats, keys, and the name in the record. Throws `person_not_found`, `conflict` for the last admin. */
  erasePerson(id: string, options?: CallOptions): Promise<ErasedPerson>;
  /** Takes a password away and gives the link for a new one. Throws `person_not_found`. */
  resetPassword(id: string, input?: ResetPasswordInput, options?: CallOptions): Promise<SentLink>;
  /** Where somebody is signed in. Throws `person_not_found`. */
  listSessionsOf(id: string, options?: CallOptions): Promise<readonly Session[]>;
  /** Signs somebody out everywhere. Throws `person_not_found`. */
  endSessionsOf(id: string, options?: CallOptions): Promise<void>;

  /** Writes state (and models) into one archive on the control plane's machine. Throws `already_exists`, `disk_full`. */
  createBackup(input: BackupInput, options?: CallOptions): Promise<Backup>;

  /** Who did what, newest first, a page at a time. A page may be empty and still have a `nextCursor`: go on until it is null. */
  listAudit(input?: ListAuditInput, options?: CallOptions): Promise<AuditList>;
  /** The same as the text of a file, oldest first: JSON lines, or CSV that no spreadsheet takes for formulas. */
  exportAudit(input?: ExportAuditInput, options?: CallOptions): AsyncGenerator<string, void, undefined>;
  /** Which secrets and keys there are, and what is being replaced. Never a value. */
  getSecrets(options?: CallOptions): Promise<SecretsStatus>;
  /** Keeps a secret under a name, or replaces its value. */
  putSecret(name: string, input: PutSecret, options?: CallOptions): Promise<Secret>;
  /** Forgets a secret. Throws `secret_not_found`. */
  removeSecret(name: string, options?: CallOptions): Promise<void>;
  /** Replaces data keys, in the background, or the master key, at once. Throws `conflict` while one is being replaced, or where the master key is no file. */
  rotateSecrets(input?: RotateSecretsInput, options?: CallOptions): Promise<SecretsStatus>;
  /** Has the whole record read, and says what is wrong with it; nothing, when nobody has changed it. `checkpoints`: copies kept elsewhere. */
  verifyAudit(options?: CallOptions & VerifyAuditInput): Promise<AuditVerification>;
  /** The newest signed checkpoints of the record, oldest first, and the key by which others check them. */
  listAuditCheckpoints(options?: CallOptions & { readonly limit?: number }): Promise<AuditCheckpointList>;
}

/** Builds a client of the cluster at `baseUrl`. Works in browsers and in Node. */
export function createClusterClient({
  baseUrl,
  key,
  fetch = globalThis.fetch.bind(globalThis),
  onRefused,
}: ClusterClientOptions): ClusterClient {
  let csrfToken: string | null = null; // of the session that the browser's cookie names: what changes something proves with it that it is ours
  const headersOfChanges = (): Record<string, string> => (csrfToken === null ? {} : { 'x-csrf-token': csrfToken });
  const http = createHttp({ baseUrl, fetch, key, headersOfChanges, onRefused });
  const { request, text, stream } = http;
  const part = encodeURIComponent;

  async function rememberProfile(answer: Promise<Profile>): Promise<Profile> {
    const profile = await answer;
    csrfToken = profile.csrfToken;
    return profile;
  }
  const enter = (path: string, body: unknown, options?: CallOptions) =>
    rememberProfile(request({ method: 'POST', path, body, ...options }));

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
    ...createRegistryClient(http),
    ...createTasksClient(http, watchEvents),
    ...createComputeClient(http),
    getClusterStatus: (options) => request({ path: 'cluster/status', ...options }),
    getLoadHistory: (options) => request({ path: 'cluster/load', ...options }),
    getConfig: (options) => request({ path: 'config', ...options }),

    getAccessState: (options) => request({ path: 'access', ...options }),
    listKeys: async (options) => (await request<{ keys: readonly ApiKey[] }>({ path: 'keys', ...options })).keys,
    createKey: (body, options) => request({ method: 'POST', path: 'keys', body, ...options }),
    getKeyUsage: (id, options) => request({ path: `keys/${part(id)}/usage`, ...options }),
    listRoles: (options) => request({ path: 'roles', ...options }),
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
    importModel: (input, options) => request({ method: 'POST', path: 'registry/imports', body: input, ...options }),
    previewImport: (input, options) => request({ method: 'POST', path: 'registry/imports/preview', body: input, ...options }),
    pushModel: (input, options) => request({ method: 'POST', path: 'registry/pushes', body: input, ...options }),
    listOperations: async (options) => (await request<{ operations: readonly Operation[] }>({ path: 'operations', ...options })).operations,
    getOperation: (id, options) => request({ path: `operations/${part(id)}`, ...options }),
    cancelOperation: (id, options) => request({ method: 'POST', path: `operations/${part(id)}/cancel`, body: {}, ...options }),
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

    getMe: (options) => rememberProfile(request({ path: 'me', ...options })),
    updateMe: (input, options) => request({ method: 'PATCH', path: 'me', body: input, ...options }),
    getSignInOptions: (options) => request({ path: 'sign-in', ...options }),
    signIn: (input, options) => enter('sessions', input, options),
    signOut: (options) => request({ method: 'DELETE', path: 'sessions/current', ...options }),
    listSessions: async (options) => (await request<{ sessions: readonly Session[] }>({ path: 'sessions', ...options })).sessions,
    endSession: (id, options) => request({ method: 'DELETE', path: `sessions/${part(id)}`, ...options }),
    endAllSessions: (options) => request({ method: 'DELETE', path: 'sessions', ...options }),
    enrolTotp: (options) => request({ method: 'POST', path: 'me/totp', body: {}, ...options }),
    confirmTotp: (code, options) => request({ method: 'POST', path: 'me/totp/confirm', body: { code }, ...options }),
    disableTotp: (password, options) => request({ method: 'POST', path: 'me/totp/disable', body: { password }, ...options }),

    listPasskeys: async (options) => (await request<{ passkeys: readonly Passkey[] }>({ path: 'me/passkeys', ...options })).passkeys,
    beginPasskey: (password, options) => request({ method: 'POST', path: 'me/passkeys/options', body: { password }, ...options }),
    addPasskey: (input, options) => request({ method: 'POST', path: 'me/passkeys', body: input, ...options }),
    removePasskey: (id, options) => request({ method: 'DELETE', path: `me/passkeys/${part(id)}`, ...options }),
    beginPasskeySignIn: (options) => request({ method: 'POST', path: 'sessions/passkey/options', body: {}, ...options }),
    signInWithPasskey: (input, options) => enter('sessions/passkey', input, options),

    isSetupOpen: async (options) => (await request<{ isOpen: boolean }>({ path: 'setup', ...options })).isOpen,
    setUp: (input, options) => enter('setup', input, options),
    acceptInvitation: (input, options) => enter('invitations/accept', input, options),
    choosePassword: (input, options) => enter('passwords/choose', input, options),
    askForPassword: (input, options) => request({ method: 'POST', path: 'passwords/forgotten', body: input, ...options }),

    listPeople: async (options) => (await request<{ people: readonly Person[] }>({ path: 'people', ...options })).people,
    getPerson: (id, options) => request({ path: `people/${part(id)}`, ...options }),
    createPerson: (input, options) => request({ method: 'POST', path: 'people', body: input, ...options }),
    createServiceAccount: (input, options) => request({ method: 'POST', path: 'people/service-accounts', body: input, ...options }),
    getPersonUsage: (id, options) => request({ path: `people/${part(id)}/usage`, ...options }),
    getOwnUsage: (options) => request({ path: 'me/usage', ...options }),
    invitePerson: (input = {}, options) => request({ method: 'POST', path: 'people/invitations', body: input, ...options }),
    updatePerson: (id, input, options) => request({ method: 'PATCH', path: `people/${part(id)}`, body: input, ...options }),
    removePerson: (id, options) => request({ method: 'DELETE', path: `people/${part(id)}`, ...options }),
    exportPerson: (id, options) => request({ method: 'POST', path: `people/${part(id)}/export`, body: {}, ...options }),
    exportMe: (options) => request({ method: 'POST', path: 'me/export', body: {}, ...options }),
    erasePerson: (id, options) => request({ method: 'POST', path: `people/${part(id)}/erase`, body: {}, ...options }),
    resetPassword: (id, input = {}, options) =>
      request({ method: 'POST', path: `people/${part(id)}/reset-password`, body: input, ...options }),
    listSessionsOf: async (id, options) =>
      (await request<{ sessions: readonly Session[] }>({ path: `people/${part(id)}/sessions`, ...options })).sessions,
    endSessionsOf: (id, options) => request({ method: 'DELETE', path: `people/${part(id)}/sessions`, ...options }),

    createBackup: (input, options) => request({ method: 'POST', path: 'backups', body: input, ...options }),

    listAudit: ({ limit, ...input } = {}, options) =>
      request({ path: 'audit', query: { ...input, limit: limit === undefined ? undefined : String(limit) }, ...options }),
    exportAudit: (input = {}, options) => text({ path: 'audit/export', query: { ...input }, ...options }),
    getSecrets: (options) => request({ path: 'secrets', ...options }),
    putSecret: (name, input, options) => request({ method: 'PUT', path: `secrets/${part(name)}`, body: input, ...options }),
    removeSecret: (name, options) => request({ method: 'DELETE', path: `secrets/${part(name)}`, ...options }),
    rotateSecrets: (input = {}, options) => request({ method: 'POST', path: 'secrets/rotate', body: input, ...options }),
    verifyAudit: ({ checkpoints = [], ...options } = {}) =>
      request({ method: 'POST', path: 'audit/verify', body: { checkpoints }, ...options }),
    listAuditCheckpoints: ({ limit, ...options } = {}) =>
      request({ path: 'audit/checkpoints', query: { limit: limit === undefined ? undefined : String(limit) }, ...options }),
  };
}
