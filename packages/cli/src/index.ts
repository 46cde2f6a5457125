export { verbs } from './commands/verbs.ts';
export { toUnit } from './local/systemd-service.ts';
export { exitCodes } from './output/exit-codes.ts';
export { createProgram, sharedFlags } from './program.ts';
