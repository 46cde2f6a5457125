import { ClusterError, type ErrorCode, errorCodes, type Problem, readSaid } from '@cluster-ai/contracts';

/** Reads `Retry-After` in its form of whole seconds; the form with a date is not used by Cluster AI. */
function readRetryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string' && value.code in errorCodes;
}

/**
 * Turns a problem document (RFC 9457, as the native API answers) into the error that it describes; the request's id is in
 * `details.requestId`. Anything else becomes `internal`, saying what came instead.
 */
function toErrorFromProblem(problem: unknown, status: number, retryAfterSeconds?: number): ClusterError {
  if (!isProblem(problem)) return new ClusterError('internal', `The server answered with status ${status} and no explanation.`);
  return new ClusterError(problem.code as ErrorCode, problem.detail, {
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.param === undefined ? {} : { param: problem.param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    details: { ...problem.details, ...(problem.requestId ? { requestId: problem.requestId } : {}) },
    said: readSaid(problem.said),
  });
}

/** Reads the error out of an answer whose status is not 2xx. */
export async function readProblem(response: Response): Promise<ClusterError> {
  const text = await response.text().catch(() => '');
  return toErrorFromProblem(parseJson(text), response.status, readRetryAfter(response.headers));
}

/** What the text says as JSON; `undefined` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
