import { BrokenStructure } from '../inspection/report.ts';
import type { Machine } from './machine.ts';
import type { Argument } from './read-argument.ts';
import { fromDecimal, fromLongBytes, fromPythonLiteral, fromRawUnicode, OTHER } from './values.ts';

type Step = (machine: Machine, argument: Argument) => void;

const HIGHEST_PROTOCOL = 5;

const numberOf = (argument: Argument): number => (argument.kind === 'number' ? argument.value : 0);
const linesOf = (argument: Argument): readonly [string, string] => {
  const [first = '', second = ''] = argument.kind === 'lines' ? argument.lines : [];
  return [first, second];
};

const nothing: Step = () => {};
const pushOther: Step = (machine) => machine.push(OTHER);
const pushNumber: Step = (machine, argument) => machine.push({ kind: 'number', value: numberOf(argument) });
const pushDecimal: Step = (machine, argument) => machine.push(fromDecimal(linesOf(argument)[0]));
const pushLong: Step = (machine, argument) =>
  machine.push(argument.kind === 'bytes' && argument.bytes ? fromLongBytes(argument.bytes) : OTHER);

const pushText =
  (encoding: 'utf8' | 'latin1'): Step =>
  (machine, argument) => {
    if (argument.kind !== 'bytes') return;
    machine.events.onBytes(argument.at, argument.length, argument.bytes);
    machine.push(argument.bytes === undefined ? OTHER : { kind: 'text', text: argument.bytes.toString(encoding) });
  };

const pushTupleOf =
  (length: number): Step =>
  (machine) =>
    machine.pushTuple(Array.from({ length }, () => machine.pop()).reverse());

const closeContainer: Step = (machine) => {
  machine.popMark();
  machine.push(OTHER);
};
const changeByMark: Step = (machine) => {
  machine.popMark();
  machine.change();
};
const changeBy =
  (parts: number): Step =>
  (machine) => {
    for (let part = 0; part < parts; part++) machine.pop();
    machine.change();
  };
const callExtension: Step = (machine, argument) => {
  machine.events.onExtension(numberOf(argument));
  machine.push(OTHER);
};
const callClass: Step = (machine) => machine.callWithTuple(machine.pop());

/** What each opcode does to the machine, by its name; STOP is not among them. */
export const steps: Readonly<Record<string, Step>> = {
  PROTO: (_machine, argument) => {
    if (numberOf(argument) > HIGHEST_PROTOCOL) throw new BrokenStructure(`protocol ${numberOf(argument)}`);
  },
  FRAME: nothing,
  // objects without parts
  NONE: pushOther,
  NEWTRUE: pushOther,
  NEWFALSE: pushOther,
  EMPTY_LIST: pushOther,
  EMPTY_DICT: pushOther,
  EMPTY_SET: pushOther,
  NEXT_BUFFER: pushOther,
  FLOAT: pushOther,
  BINFLOAT: pushOther,
  EMPTY_TUPLE: pushTupleOf(0),
  BININT: pushNumber,
  BININT1: pushNumber,
  BININT2: pushNumber,
  INT: pushDecimal,
  LONG: pushDecimal,
  LONG1: pushLong,
  LONG4: pushLong,
  STRING: (machine, argument) => machine.push({ kind: 'text', text: fromPythonLiteral(linesOf(argument)[0]) }),
  UNICODE: (machine, argument) => machine.push({ kind: 'text', text: fromRawUnicode(linesOf(argument)[0]) }),
  BINSTRING: pushText('latin1'),
  SHORT_BINSTRING: pushText('latin1'),
  BINBYTES: pushText('latin1'),
  SHORT_BINBYTES: pushText('latin1'),
  BINBYTES8: pushText('latin1'),
  BYTEARRAY8: pushText('latin1'),
  BINUNICODE: pushText('utf8'),
  SHORT_BINUNICODE: pushText('utf8'),
  BINUNICODE8: pushText('utf8'),
  // the stack
  MARK: (machine) => machine.mark(),
  POP: (machine) => machine.drop(),
  POP_MARK: (machine) => void machine.popMark(),
  DUP: (machine) => machine.push(machine.top()),
  READONLY_BUFFER: (machine) => void machine.top(),
  // memory
  GET: (machine, argument) => machine.recall(Number(linesOf(argument)[0])),
  BINGET: (machine, argument) => machine.recall(numberOf(argument)),
  LONG_BINGET: (machine, argument) => machine.recall(numberOf(argument)),
  PUT: (machine, argument) => machine.remember(Number(linesOf(argument)[0])),
  BINPUT: (machine, argument) => machine.remember(numberOf(argument)),
  LONG_BINPUT: (machine, argument) => machine.remember(numberOf(argument)),
  MEMOIZE: (machine) => machine.remember(),
  // containers
  TUPLE1: pushTupleOf(1),
  TUPLE2: pushTupleOf(2),
  TUPLE3: pushTupleOf(3),
  TUPLE: (machine) => machine.pushTuple(machine.popMark()),
  LIST: closeContainer,
  DICT: closeContainer,
  FROZENSET: closeContainer,
  APPEND: changeBy(1),
  SETITEM: changeBy(2),
  APPENDS: changeByMark,
  SETITEMS: changeByMark,
  ADDITEMS: changeByMark,
  // names, calls, objects
  GLOBAL: (machine, argument) => machine.push(machine.lookUp(...linesOf(argument))),
  STACK_GLOBAL: (machine) => machine.lookUpFromStack(),
  EXT1: callExtension,
  EXT2: callExtension,
  EXT4: callExtension,
  INST: (machine, argument) => {
    const args = machine.popMark();
    machine.call(machine.lookUp(...linesOf(argument)), args);
  },
  OBJ: (machine) => {
    const [callable, ...args] = machine.popMark();
    if (callable === undefined) throw new BrokenStructure('an object without a class');
    machine.call(callable, args);
  },
  REDUCE: callClass,
  NEWOBJ: callClass,
  NEWOBJ_EX: (machine) => {
    machine.pop(); // arguments by name
    callClass(machine, { kind: 'none' });
  },
  BUILD: changeBy(1),
  PERSID: (machine, argument) => machine.push(machine.events.onPersistent({ kind: 'text', text: linesOf(argument)[0] })),
  BINPERSID: (machine) => machine.push(machine.events.onPersistent(machine.pop())),
};
