import { phrase, readSaid, type Sentence, toEnglish, toSaid } from './phrases.ts';
import type { Said } from './said.ts';

interface ErrorEntry {
  /** HTTP status in every door. */
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later without a change. Doors add `Retry-After` to these. */
  readonly isRetryable?: true;
}

/** The one table of error codes. A code is a promise to callers; each door renders it in its own dialect. */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_model_reference: { status: 400, title: 'The model reference is not valid' },
  context_length_exceeded: { status: 400, title: 'The prompt does not fit into the context' },
  unsupported_feature: { status: 400, title: 'The model or engine cannot do this' },
  address_refused: { status: 400, title: 'This address may not be called from here' },
  unauthorized: { status: 401, title: 'Sign in or send a key' },
  credentials_invalid: { status: 401, title: 'The name, password or code is not right' },
  second_factor_required: { status: 401, title: 'A code is needed as well' },
  link_invalid: { status: 401, title: 'The link is not valid any more' },
  key_revoked: { status: 401, title: 'The key was revoked' },
  key_expired: { status: 401, title: 'The key has expired' },
  session_ended: { status: 401, title: 'The session has ended' },
  sign_in_expired: { status: 401, title: 'The sign-in took too long, was used already, or began in another browser' },
  sign_in_refused: { status: 401, title: 'The sign-in provider did not prove who you are' },
  role_missing: { status: 403, title: 'None of your groups at the sign-in provider has a role in this cluster' },
  setup_closed: { status: 403, title: 'The first admin exists already' },
  join_token_invalid: { status: 401, title: 'The join token is not valid' },
  join_token_used: { status: 401, title: 'The join token was already used' },
  join_token_expired: { status: 401, title: 'The join token has expired' },
  join_token_foreign: { status: 401, title: 'The join token belongs to another cluster' },
  certificate_refused: { status: 401, title: 'The certificate was refused' },
  forbidden: { status: 403, title: 'Not allowed' },
  host_not_allowed: { status: 403, title: 'The Host header names a host that this listener does not serve' },
  origin_not_allowed: { status: 403, title: 'Web pages of other sites may not use this address' },
  unknown_route: { status: 404, title: 'No such route' },
  model_not_found: { status: 404, title: 'No such model' },
  node_not_found: { status: 404, title: 'No such node' },
  person_not_found: { status: 404, title: 'No such person' },
  passkey_not_found: { status: 404, title: 'No such passkey' },
  session_not_found: { status: 404, title: 'No such session' },
  key_not_found: { status: 404, title: 'No such key' },
  secret_not_found: { status: 404, title: 'No such secret' },
  chat_not_found: { status: 404, title: 'No such chat' },
  file_not_found: { status: 404, title: 'No such file' },
  blob_not_found: { status: 404, title: 'No such blob' },
  upload_not_found: { status: 404, title: 'No such upload' },
  method_not_allowed: { status: 405, title: 'The route does not take this method' },
  already_exists: { status: 409, title: 'It exists already' },
  conflict: { status: 409, title: 'Somebody else changed it meanwhile' },
  stale_order: { status: 409, title: 'A newer order was already given' },
  in_use: { status: 409, title: 'It is in use' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  range_not_satisfiable: { status: 416, title: 'The range lies outside of the file' },
  invalid_model_file: { status: 422, title: 'The file is not a complete, valid model' },
  digest_mismatch: { status: 422, title: 'The bytes do not match their digest' },
  quota_exceeded: { status: 429, title: 'The quota is used up' },
  too_many_requests: { status: 429, title: 'Too many requests', isRetryable: true },
  cancelled: { status: 499, title: 'The caller went away' },
  internal: { status: 500, title: 'An error of ours' },
  engine_error: { status: 502, title: 'The engine failed' },
  engine_crashed: { status: 502, title: 'The engine process ended while it worked on the request', isRetryable: true },
  node_lost: { status: 502, title: 'The node was lost while it worked on the request', isRetryable: true },
  model_loading: { status: 503, title: 'The model is loading', isRetryable: true },
  model_failed: { status: 503, title: 'The model could not be loaded' },
  not_enough_memory: { status: 503, title: 'No node has enough memory for this model' },
  no_ready_node: { status: 503, title: 'No node is ready', isRetryable: true },
  node_unreachable: { status: 503, title: 'The node is unreachable', isRetryable: true },
  overloaded: { status: 503, title: 'The queue is full', isRetryable: true },
  database_unavailable: { status: 503, title: 'The database does not answer', isRetryable: true },
  shutting_down: { status: 503, title: 'The cluster is stopping', isRetryable: true },
  remote_failed: { status: 502, title: 'Another system did not answer as it should', isRetryable: true },
  engine_timeout: { status: 504, title: 'The engine did not answer in time', isRetryable: true },
  disk_full: { status: 507, title: 'The disk is full' },
  // those that only a command line meets
  already_running: { status: 409, title: 'The cluster is already running here' },
  not_running: { status: 503, title: 'The cluster is not running here' },
  port_taken: { status: 409, title: 'The port is taken' },
  listen_refused: { status: 403, title: 'Listening there is not allowed' },
  data_folder_unwritable: { status: 500, title: 'The data folder cannot be written' },
  database_newer: { status: 500, title: 'The database belongs to a newer version of the program' },
  database_damaged: { status: 500, title: 'The database is damaged' },
  config_invalid: { status: 400, title: 'The configuration is not valid' },
  audit_chain_broken: { status: 500, title: 'The audit record was changed' },
  secret_unreadable: { status: 500, title: 'A secret cannot be opened with the key that is there' },
  master_key_refused: { status: 500, title: 'The master key is not kept safely' },
  // the registry
  version_not_found: { status: 404, title: 'No such version' },
  alias_not_found: { status: 404, title: 'No such alias' },
  cursor_invalid: { status: 400, title: 'The cursor is not of this list' },
  verdict_refused: { status: 422, title: 'What was found in the files does not allow this' },
  operation_not_found: { status: 404, title: 'No such operation' },
  source_not_found: { status: 404, title: 'The source has no such model' },
  source_refused: { status: 422, title: 'What the source offers is not taken' },
  // compute
  compute_disabled: { status: 409, title: 'Compute is not enabled' },
  compute_unavailable: { status: 503, title: 'The compute cluster is not ready', isRetryable: true },
  task_not_found: { status: 404, title: 'No such task' },
  task_failed: { status: 422, title: 'The task failed' },
  resources_impossible: { status: 422, title: 'No machine of this cluster has what the task asks for' },
  function_not_found: { status: 404, title: 'No such function' },
  bundle_not_found: { status: 404, title: 'No such bundle' },
  code_not_allowed: { status: 403, title: 'Tasks of your role may not bring their own code' },
  python_mismatch: { status: 409, title: 'The version of Python is another one than the cluster’s' },
  result_too_large: { status: 422, title: 'The result of the task is too large' },
  certificate_authority_mismatch: { status: 401, title: 'The cluster there is not the one that the token names' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCodes;

export interface ClusterErrorOptions {
  /** What to do next, as one sentence. Shown after the message by the CLI and the UI. */
  readonly hint?: Sentence;
  /** The codes of message and hint, where both came from elsewhere in English; else they follow from the two themselves. */
  readonly said?: Said | undefined;
  /** The name of the request's field that is wrong, in the caller's dialect. */
  readonly param?: string;
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds?: number;
  /** Facts for programs, for example `{ state, node, progress }` of a model that loads. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The error that crosses module borders. Check `code`, not `instanceof`: two copies of this module may be loaded. */
export class ClusterError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  /** Message and hint by their codes, for those who do not speak English; undefined where they have none. */
  readonly said: Said | undefined;

  constructor(code: ErrorCode, message: Sentence, options: ClusterErrorOptions = {}) {
    super(toEnglish(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClusterError';
    this.code = code;
    this.hint = options.hint === undefined ? undefined : toEnglish(options.hint);
    this.said = options.said ?? toSaid(message, options.hint);
    this.param = options.param;
    this.retryAfterSeconds = options.retryAfterSeconds ?? ('isRetryable' in errorCodes[code] ? 1 : undefined);
    this.details = options.details ?? {};
  }

  /** HTTP status of the code. */
  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** Whether something thrown is one of ours. */
export function isClusterError(error: unknown): error is ClusterError {
  return error instanceof Error && error.name === 'ClusterError' && 'code' in error && String(error.code) in errorCodes;
}

/** Turns anything thrown into a ClusterError. A stranger becomes `internal`, with the original as its cause and no detail of it in the message. */
export function toClusterError(error: unknown): ClusterError {
  if (isClusterError(error)) return error;
  return new ClusterError('internal', phrase('internal'), { cause: error });
}

/** The form in which an error crosses our own processes (link, command line). */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly param?: string;
  readonly retryAfterSeconds?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly said?: Said;
}

export function toWireError(error: unknown): WireError {
  const { code, message, hint, param, retryAfterSeconds, details, said } = toClusterError(error);
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(param === undefined ? {} : { param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
    ...(said === undefined ? {} : { said }),
  };
}

/** Reads what `toWireError` wrote; anything else becomes `fallback`. */
export function fromWireError(value: unknown, fallback: ErrorCode, fallbackMessage: Sentence): ClusterError {
  const wire = value as Partial<WireError> | null | undefined;
  if (!wire || typeof wire !== 'object' || typeof wire.code !== 'string' || !(wire.code in errorCodes))
    return new ClusterError(fallback, fallbackMessage);
  return new ClusterError(wire.code, String(wire.message ?? toEnglish(fallbackMessage)), {
    ...wire,
    said: readSaid(wire.said),
  });
}
