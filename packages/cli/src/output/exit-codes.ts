import { type ErrorCode, errorCodes } from '@cluster-ai/contracts';

/** What the process ends with, the same for every verb. */
export const exitCodes = { ok: 0, error: 1, usage: 2, auth: 3, notFound: 4, unreachable: 5, notReady: 6 } as const;

// where the HTTP status of a code would say something else than a person at a command line means
const exceptions: Partial<Record<ErrorCode, number>> = {
  not_running: exitCodes.unreachable,
  node_unreachable: exitCodes.unreachable,
  node_lost: exitCodes.unreachable,
  config_invalid: exitCodes.error,
  context_length_exceeded: exitCodes.error,
  unsupported_feature: exitCodes.error,
  listen_refused: exitCodes.error,
  model_failed: exitCodes.error,
  not_enough_memory: exitCodes.error,
};

const byStatus: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  401: exitCodes.auth,
  403: exitCodes.auth,
  404: exitCodes.notFound,
  503: exitCodes.notReady,
};

/** The exit code of an error. */
export const toExitCode = (code: ErrorCode): number => exceptions[code] ?? byStatus[errorCodes[code].status] ?? exitCodes.error;
