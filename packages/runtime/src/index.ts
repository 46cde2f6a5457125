export { aborted } from './aborted.ts';
export { type Clock, createManualClock, systemClock } from './clock.ts';
export { type DataFolder, locateDataFolder, makeDataFolder } from './data-folder.ts';
export { errnoOf } from './errno.ts';
export { failpoint } from './failpoints.ts';
export { hostCredentialFile, readHostCredential } from './host-credential.ts';
export { newId } from './ids.ts';
export { type ByteBudget, createByteBudget } from './link/byte-budget.ts';
export { answerError, answerJson, type Exchange, ownStream, readBody, readJson, toStreamListener } from './link/exchange.ts';
export { curlPinOf, fingerprintOf } from './link/fingerprint.ts';
export { formatJoinToken, type JoinToken, parseJoinToken } from './link/join-token.ts';
export { readLines } from './link/read-lines.ts';
export { type RunningRequest, type StreamRequest, type StreamResponse, startRequest, type ToFailure } from './link/request.ts';
export {
  blobSession,
  blobWindowBytes,
  joinSession,
  linkServerName,
  linkServerSession,
  linkSession,
  linkWindowBytes,
} from './link/settings.ts';
export { createTurnstile, type Turnstile } from './link/turnstile.ts';
export { writePrivateFile } from './link/write-private-file.ts';
export { type Logger, type LoggerOptions, openLogger, silentLogger } from './logger.ts';
export { maskSecrets } from './mask-secrets.ts';
export {
  ENVIRONMENTS_VARIABLE,
  environmentsFolder,
  openPythonEnvironment,
  type PythonEnvironment,
  type PythonEnvironmentDeps,
  type ReadyPython,
} from './python-environment/python-environment.ts';
export { locatePython, type PythonSources, pythonVariables } from './python-environment/python-sources.ts';
export {
  backoffMs,
  type Child,
  type ChildExit,
  type ChildOptions,
  endWithParent,
  type KeepRunningOptions,
  keepRunning,
  startChild,
} from './supervised-child.ts';
export { runSupervisedProcess, START_VARIABLE, type SupervisedProcess } from './supervised-process.ts';
export { type ProgramOptions, startProgram } from './supervised-program.ts';
export { trimCharacters } from './trim-characters.ts';
