export { type Clock, createManualClock, systemClock } from './clock.ts';
export { type DataFolder, locateDataFolder, makeDataFolder } from './data-folder.ts';
export { errnoOf } from './errno.ts';
export { newId } from './ids.ts';
export { type Logger, type LoggerOptions, openLogger, silentLogger } from './logger.ts';
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
