import { type Budget, BudgetSpent } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import { type ByteSource, isOutside } from '../source/byte-source.ts';
import { Cursor } from '../source/cursor.ts';
import { Machine, type PickleEvents } from './machine.ts';
import { opcodes } from './opcodes.ts';
import { readArgument } from './read-argument.ts';
import { steps } from './steps.ts';
import { OTHER, type Value } from './values.ts';

export interface Walked {
  /** Where the next byte after it is. */
  readonly end: number;
  /** What it gives, as far as it is known. */
  readonly result: Value;
  readonly opcodes: number;
  /** Calls that it would make. */
  readonly calls: number;
  /** Why it did not come to its STOP; its loading would begin all the same. */
  readonly problem: string | undefined;
}

const MAX_OBJECTS = 2_000_000;

/** Takes one opcode; true after STOP. */
function takeStep(cursor: Cursor, machine: Machine, budget: Budget): boolean {
  budget.spend('steps', 1);
  const at = cursor.position;
  const byte = cursor.u8();
  const opcode = opcodes.get(byte);
  if (!opcode) throw new BrokenStructure(`byte ${byte} at ${at} is no opcode`);
  const argument = readArgument(cursor, opcode.argument, budget);
  if (opcode.name === 'STOP') return true;
  steps[opcode.name]?.(machine, argument);
  if (machine.size > MAX_OBJECTS) throw new BudgetSpent('more objects than allowed');
  return false;
}

/**
 * Follows one pickle from a position on, without executing anything. Never throws for what is wrong with the pickle, that is `problem`;
 * throws BudgetSpent when it is too long. Source: PEP 307, 574, 3154 and Python's pickletools.
 */
export function walkPickle(source: ByteSource, from: number, budget: Budget, events: PickleEvents): Walked {
  const cursor = new Cursor(source, from);
  const machine = new Machine(events);
  let count = 1;
  const toWalked = (result: Value, problem?: string): Walked => ({
    end: cursor.position,
    result,
    opcodes: count,
    calls: machine.calls,
    problem,
  });
  try {
    while (!takeStep(cursor, machine, budget)) count++;
    return toWalked(machine.pop());
  } catch (error) {
    if (!(error instanceof BrokenStructure || isOutside(error))) throw error;
    return toWalked(OTHER, `${error.message}, before byte ${cursor.position}`);
  }
}
