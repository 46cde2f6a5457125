import type { Generated } from 'kysely';

/**
 * The rows of every table, as both databases give and take them.
 *
 * - Times are whole epoch milliseconds (`clock.now()`), sizes are bytes: 64-bit integers in both databases, plain numbers here.
 * - Booleans are 0 or 1, since SQLite has nothing else.
 * - `…_json` columns hold JSON text, written and read by the domain that owns the table.
 * - `revision` starts at 1 and grows with each change: update `where revision = the one that was read`, and no row changed means that
 *   somebody else was first (`conflict`).
 */
export interface Tables {
  models: ModelRow;
  versions: VersionRow;
  files: FileRow;
  blobs: BlobRow;
  aliases: AliasRow;
  tags: TagRow;
  door_names: DoorNameRow;
  nodes: NodeRow;
  join_tokens: JoinTokenRow;
  chats: ChatRow;
  chat_messages: ChatMessageRow;
  chat_keys: ChatKeyRow;
  erased_people: ErasedPersonRow;
  backup_folders: BackupFolderRow;
  deployments: DeploymentRow;
  settings: SettingRow;
  api_keys: ApiKeyRow;
  people: PersonRow;
  sessions: SessionRow;
  one_use_links: OneUseLinkRow;
  totp_seeds: TotpSeedRow;
  recovery_codes: RecoveryCodeRow;
  passkeys: PasskeyRow;
  token_families: TokenFamilyRow;
  token_keys: TokenKeyRow;
  usage_counters: UsageCounterRow;
  external_identities: ExternalIdentityRow;
  oidc_starts: OidcStartRow;
  outbox: OutboxRow;
  audit_entries: AuditEntryRow;
  audit_head: AuditHeadRow;
  audit_names: AuditNameRow;
  master_keys: MasterKeyRow;
  data_keys: DataKeyRow;
  key_rotations: KeyRotationRow;
  secrets: SecretRow;
  uploads: UploadRow;
  blob_leases: BlobLeaseRow;
  orphan_files: OrphanFileRow;
  blob_url_keys: BlobUrlKeyRow;
  alias_moves: AliasMoveRow;
  catalog_entries: CatalogEntryRow;
  catalog_summaries: CatalogSummaryRow;
  catalog_words: CatalogWordRow;
  catalog_word_counts: CatalogWordCountRow;
  operations: OperationRow;
  tasks: TaskRow;
  task_logs: TaskLogRow;
  task_bundles: TaskBundleRow;
}

/** Parents before those that refer to them. */
export const tableNames = [
  'models',
  'versions',
  'blobs',
  'files',
  'aliases',
  'tags',
  'door_names',
  'nodes',
  'join_tokens',
  'chats',
  'chat_messages',
  'chat_keys',
  'erased_people',
  'backup_folders',
  'deployments',
  'settings',
  'api_keys',
  'people',
  'sessions',
  'one_use_links',
  'totp_seeds',
  'recovery_codes',
  'passkeys',
  'token_families',
  'token_keys',
  'usage_counters',
  'external_identities',
  'oidc_starts',
  'outbox',
  'audit_entries',
  'audit_head',
  'audit_names',
  'master_keys',
  'data_keys',
  'key_rotations',
  'secrets',
  'uploads',
  'blob_leases',
  'orphan_files',
  'blob_url_keys',
  'alias_moves',
  'catalog_entries',
  'catalog_summaries',
  'catalog_words',
  'catalog_word_counts',
  'operations',
  'tasks',
  'task_logs',
  'task_bundles',
] as const satisfies readonly (keyof Tables)[];

/** In no backup: whoever is erased must not come back with one. See `access/privacy/design.md`. */
export const unarchivedTables: readonly (keyof Tables)[] = ['chat_keys'];

export type Flag = 0 | 1;

export interface ModelRow {
  id: string;
  name: string;
  /** What makes names unique: two models that differ only by case would be one in some doors. */
  name_lower: string;
  display_name: string;
  /** The part of the name before its last slash; empty where there is none. */
  namespace: string;
  description: string;
  metadata_json: string;
  /** The newest sequence number that was ever given, so that none is used twice. */
  last_seq: number;
  created_at: number;
  updated_at: number;
  revision: number;
}

/** Immutable once written: triggers refuse every change of what it was published as. */
export interface VersionRow {
  id: string;
  model_id: string;
  seq: number;
  semver: string | null;
  manifest_digest: string;
  /** Exactly the bytes that `manifest_digest` is of. Made once, never again: digests must not change. */
  manifest_bytes: Uint8Array;
  source: string;
  facts_json: string;
  /** `Phrase[]`: what a person must know before using it. */
  notices_json: string;
  created_at: number;
  size_bytes: number;
  framework: string;
  /** `VersionMetadata`. */
  metadata_json: string;
  /** `Inspection`; null: nobody looked into the files. */
  inspection_json: string | null;
  /** `VersionAllowance`; null: nobody has allowed it. */
  allowed_json: Generated<string | null>;
}

export interface FileRow {
  version_id: string;
  path: string;
  digest: string;
  size_bytes: number;
  media_type: string;
}

export interface BlobRow {
  digest: string;
  size_bytes: number;
  /** `store`: a file of the blob folder; `in_place`: a person's own file, which is never deleted. */
  location: 'store' | 'in_place';
  /** Absolute for `in_place`; empty for `store`, whose place follows from the digest (the folder may move). */
  path: string;
  created_at: number;
  /** When its bytes were last read and matched the digest. */
  verified_at: number;
  /** Of an in-place file: what its attributes were when it was hashed; empty for `store`. */
  identity: string;
  /** When garbage collection first saw that no file refers to it; null while one does. */
  unreferenced_at: number | null;
  /** When scrubbing found that its bytes are not those of its digest any more; null while all is well. */
  damaged_at: number | null;
}

export interface AliasRow {
  model_id: string;
  /** As written; unique per model whatever its case, by `alias_lower`. */
  alias: string;
  alias_lower: string;
  version_id: string;
  is_protected: Flag;
  updated_at: number;
  revision: number;
}

export interface TagRow {
  version_id: string;
  key: string;
  value: string;
}

/** What a model is called in a door that has other rules for names. */
export interface DoorNameRow {
  door: string;
  name: string;
  model_id: string;
}

export interface NodeRow {
  id: string;
  name: string;
  joined_at: number;
  certificate_serial: string;
  certificate_expires_at: number;
  last_seen_at: number | null;
  /** Set when the node was forgotten: its certificate is refused from then on. */
  removed_at: number | null;
  /** Null: it has joined and waits for somebody's approval. */
  approved_at: number | null;
  is_local: Flag;
  facts_json: string;
  revision: number;
}

export interface JoinTokenRow {
  id: string;
  secret_hash: string;
  /** The name that the machine will have; empty: its host name. */
  name: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  node_id: string | null;
  is_local: Flag;
}

export interface ChatRow {
  id: string;
  title: string;
  model: string;
  created_at: number;
  updated_at: number;
  head_id: string | null;
  is_pinned: Flag;
  /** Whose it is: a person's id; `local` for what was written before anybody had a login. */
  owner_id: string;
  /** `GenerationOptions`. */
  options_json: string;
  /** Title and options, where `privacy.sealChats` is on: then those two columns hold nothing. */
  sealed: Uint8Array | null;
}

export interface ChatMessageRow {
  id: string;
  chat_id: string;
  parent_id: string | null;
  role: 'system' | 'user' | 'assistant';
  content: string;
  created_at: number;
  is_complete: Flag;
  /** `AnswerFacts` of an assistant's message. */
  answer_json: string | null;
  /** Content and answer, where `privacy.sealChats` is on: then those two columns hold nothing. */
  sealed: Uint8Array | null;
}

/** A key that seals the chats of one owner. Never rewritten, but for `wrapped` and for an owner who adopts. */
export interface ChatKeyRow {
  id: string;
  /** As in `chats`. */
  owner_id: string;
  /** Sealed with the data key for that. */
  wrapped: Uint8Array;
  created_at: number;
}

/** Kept for backups that were made before: a restore erases these people again. */
export interface ErasedPersonRow {
  person_id: string;
  /** Of the keys that went with the person. */
  key_ids_json: string;
  erased_at: number;
}

/** Where backups were made: a key ring lies beside them. */
export interface BackupFolderRow {
  path: string;
}

/** A wish: so many copies of this reference. What runs is not stored: agents report it. */
export interface DeploymentRow {
  id: string;
  reference: string;
  replicas: number;
  node_selector_json: string;
  options_json: string;
  /** -1: never unloaded. */
  keep_alive_seconds: number;
  origin: 'config' | 'implicit' | 'user';
  created_at: number;
  revision: number;
}

/** Small facts of the cluster that must outlive a restart; the key begins with the name of the domain that owns it. */
export interface SettingRow {
  key: string;
  value_json: string;
  updated_at: number;
  revision: number;
}

/** What a program signs in with. Never removed, so that what it did keeps a name; `revoked_at` ends it. */
export interface ApiKeyRow {
  id: string;
  secret_hash: string;
  name: string;
  owner_id: string;
  role: string;
  scopes_json: string | null;
  models_json: string | null;
  limits_json: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface PersonRow {
  id: string;
  /** `service`: nobody signs in; its keys are programs that belong to no person. */
  kind: 'person' | 'service';
  /** What the person signs in with: lower case, unique. */
  name: string;
  display_name: string;
  email: string | null;
  role: 'admin' | 'operator' | 'developer' | 'viewer';
  state: 'active' | 'disabled';
  /** In argon2's own notation, with its parameters; null until one was chosen. */
  password_hash: string | null;
  created_at: number;
  last_sign_in_at: number | null;
  /** Name patterns; null for all. */
  models_json: string | null;
  limits_json: string;
  revision: number;
}

export interface SessionRow {
  id: string;
  person_id: string;
  /** `tokens`: a program of the person holds an access and a refresh token instead of a cookie. */
  kind: 'browser' | 'tokens';
  /** SHA-256 of the token, which only the browser has. */
  token_hash: string;
  created_at: number;
  last_seen_at: number;
  /** Whatever the person does, it ends then. */
  expires_at: number;
  /** Kept for a while after its end, so that its owner is told that it ended. */
  ended_at: number | null;
  address: string;
  program: string;
}

export interface OneUseLinkRow {
  id: string;
  kind: 'setup' | 'invitation' | 'password';
  secret_hash: string;
  /** Of an invitation: what the newcomer will be. */
  role: PersonRow['role'] | null;
  /** Of a password link: whose password it sets. */
  person_id: string | null;
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/** A mail that waits to be sent. */
export interface OutboxRow {
  id: string;
  kind: string;
  /** Whom it is about. */
  target: string;
  link_id: string;
  /** The letter, sealed: the link in it is as good as a password. */
  sealed: Uint8Array;
  tries: number;
  next_at: number;
  /** When its link ends. */
  expires_at: number;
}

export interface TotpSeedRow {
  person_id: string;
  /** Sealed. */
  seed: Uint8Array;
  confirmed_at: number | null;
  /** The newest time step whose code was used: that one and older ones are refused. */
  last_step: number;
}

export interface RecoveryCodeRow {
  person_id: string;
  code_hash: string;
  used_at: number | null;
}

export interface PasskeyRow {
  /** The authenticator's id of the credential, in base64url. */
  id: string;
  person_id: string;
  name: string;
  /** The host name that it is good for. */
  rp_id: string;
  /** In COSE's notation. */
  public_key: Uint8Array;
  /** What the authenticator counted at its last use; 0 for those that do not count. */
  counter: number;
  created_at: number;
  last_used_at: number | null;
}

/** What refresh tokens of one session there are: one that works, and earlier ones, whose use ends the session. */
export interface TokenFamilyRow {
  session_id: string;
  /** Of the secret that all its tokens share: only who has had one can end the family. */
  family_hash: string;
  /** Of the secret that only the newest has. */
  current_hash: string;
  rotated_at: number;
}

/** A key that signs access tokens. */
export interface TokenKeyRow {
  id: string;
  /** The public half, as a JWK. */
  public_json: string;
  /** The private half, sealed. */
  sealed: Uint8Array;
  created_at: number;
}

/** What somebody used in one period. Written as additions. */
export interface UsageCounterRow {
  /** Of a key, a person or a service account. */
  subject: string;
  /** `2026-11-30`, `2026-11`, or `ever`. */
  period: string;
  requests: number;
  tokens: number;
}

/** Who a person is at a sign-in provider. */
export interface ExternalIdentityRow {
  issuer: string;
  subject: string;
  person_id: string;
  created_at: number;
}

/** A sign-in that a provider has yet to answer. What could be used is in it as SHA-256 only. */
export interface OidcStartRow {
  state_hash: string;
  browser_hash: string;
  callback_url: string;
  created_at: number;
}

/** One line of the record of what was done. Triggers refuse every change; see `access/audit/design.md`. */
export interface AuditEntryRow {
  sequence: number;
  at: number;
  actor_kind: string;
  actor_id: string;
  /** Empty for people: theirs are in `audit_names`. */
  actor_name: string;
  actor_role: string;
  address: string;
  action: string;
  target: string;
  result: 'ok' | 'denied' | 'failed';
  /** Canonical JSON. */
  details_json: string;
  request_id: string;
  count: number;
  hash: string;
}

/** What somebody was called whom the record knows by id: no part of the chain, so that it can be forgotten. */
export interface AuditNameRow {
  person_id: string;
  name: string;
}

/** The two ends of the record: its one row is made with the first entry. */
export interface AuditHeadRow {
  id: 1;
  /** Of the newest entry. */
  sequence: number;
  hash: string;
  /** Of the newest entry that retention has removed. */
  anchor_sequence: number;
  anchor_hash: string;
  /** Of the four above, with the key of the record. */
  seal: string;
}

/** The master key that all data keys are wrapped with. Itself it lies outside of the database. */
export interface MasterKeyRow {
  /** Says which key it is. */
  id: string;
  /** Known bytes that were sealed with it: what opens them is the right key. */
  canary: Uint8Array;
  created_at: number;
}

/** The newest version seals; older ones are there while something is still sealed with them. */
export interface DataKeyRow {
  purpose: string;
  version: number;
  wrapped: Uint8Array;
  created_at: number;
  /** Counted ahead of time, in groups: never fewer than there were. */
  uses: number;
}

/** A data key that is being replaced. The row goes when that is done. */
export interface KeyRotationRow {
  purpose: string;
  to_version: number;
  /** 1: everything is sealed anew. 2: what was written meanwhile with the old key. */
  round: number;
  /** Which of the sealed columns, and the last row of it that is done. */
  place: number;
  cursor: string;
  done: number;
  /** Rows that the old key does not open. */
  unreadable: number;
  started_at: number;
  /** When the first round was over. */
  swept_at: number | null;
}

/** A secret with a name, such as the token of another registry. */
export interface SecretRow {
  name: string;
  /** What it is for, for people. */
  purpose: string;
  sealed: Uint8Array;
  created_at: number;
  changed_at: number;
  revision: number;
}

/** Bytes on their way in: how many there are says the partial file. */
export interface UploadRow {
  id: string;
  owner: string;
  size_bytes: number | null;
  digest: string | null;
  created_at: number;
}

export interface BlobLeaseRow {
  digest: string;
  holder: string;
  expires_at: number;
}

/** A file of the blob store that no row knows, and since when that is seen. */
export interface OrphanFileRow {
  digest: string;
  found_at: number;
}

export interface BlobUrlKeyRow {
  id: string;
  sealed: Uint8Array;
  created_at: number;
}

/** What an alias pointed to, so that it can go back. Versions by their number, which outlives them. */
export interface AliasMoveRow {
  model_id: string;
  alias_lower: string;
  /** Counts from 1 for each alias. */
  sequence: number;
  at: number;
  from_seq: number | null;
  to_seq: number | null;
  kind: 'move' | 'rollback' | 'remove';
  actor: string;
}

/** One short row for each model: what search filters and sorts by. Written in the transaction that changes the model. */
export interface CatalogEntryRow {
  number: number;
  model_id: string;
  name_lower: string;
  namespace: string;
  framework: string;
  task: string;
  licence: string;
  size_class: string;
  size_bytes: number;
  updated_at: number;
}

/** What lists show, apart: searches look at many entries and show few. */
export interface CatalogSummaryRow {
  number: number;
  /** `CatalogModel`. */
  summary_json: string;
}

/** A word of a model's text, or, as `facet:value`, what it is. */
export interface CatalogWordRow {
  word: string;
  number: number;
}

/** How many models have a word. */
export interface CatalogWordCountRow {
  word: string;
  models: number;
}

/** Long work that goes on after a restart; what ended is kept for a while, for people. */
export interface OperationRow {
  id: string;
  kind: 'import' | 'push';
  /** The same for the same thing: who wants it again joins. */
  subject: string;
  reference: string;
  model: string;
  /** The request that began it. */
  wish_json: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  phase: string;
  bytes_done: number;
  bytes_total: number | null;
  reason_json: string | null;
  result_json: string | null;
  /** Who began it, as the audit record names them. */
  actor_json: string;
  started_at: number;
  ended_at: number | null;
}

export interface TaskRow {
  id: string;
  /** Grows from task to task: those of one priority begin in this order. */
  sequence: number;
  owner_id: string;
  /** Who handed it in: work in its name may do what that one may, at the time. */
  submitter_json: string;
  type: 'ai_inference' | 'data_processing' | 'python' | 'javascript' | 'model';
  name: string;
  /** Of what was asked for, so that handing in the same id again can be told from another wish. */
  content_hash: string;
  state: 'queued' | 'submitted' | 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled';
  attempt: number;
  /** Of attempts: those that used up a retry. */
  failures: number;
  retries: number;
  priority: number;
  depends_json: string;
  resources_json: string;
  wants_report: Flag;
  timeout_ms: number | null;
  deadline_at: number | null;
  progress_thousandths: number;
  message: string;
  worker: string | null;
  /** Why it ended so, or will, where it is being cancelled. */
  reason_json: string | null;
  result_digest: string | null;
  result_bytes: number | null;
  report_digest: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  result_json: string | null;
  input_json: string;
}

export interface TaskLogRow {
  task_id: string;
  number: number;
  at: number;
  attempt: number;
  text: string;
}

export interface TaskBundleRow {
  digest: string;
  owner_id: string;
  size_bytes: number;
  created_at: number;
}
