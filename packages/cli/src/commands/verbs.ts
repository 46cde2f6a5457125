import type { Verb } from '../verb.ts';
import { down } from './cluster/down.ts';
import { status } from './cluster/status.ts';
import { up } from './cluster/up.ts';

/** Every command, in the order of the help. A new one is one file and one line here. */
export const verbs: readonly Verb[] = [up, down, status];
