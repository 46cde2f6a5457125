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
  deployments: DeploymentRow;
  settings: SettingRow;
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
  'deployments',
  'settings',
] as const satisfies readonly (keyof Tables)[];

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

/** Immutable once written. */
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
  /** `GenerationOptions`. */
  options_json: string;
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
