/** How the argument of an opcode is written. */
export type ArgumentKind =
  | 'none'
  | 'u1'
  | 'u2'
  | 'u4'
  | 'i4'
  | 'u8'
  | 'f8'
  | 'line'
  | 'two-lines'
  | 'text-line'
  | 'bytes-1'
  | 'bytes-4'
  | 'bytes-8'
  | 'signed-bytes-4';

interface Opcode {
  readonly name: string;
  readonly argument: ArgumentKind;
}

const rows: readonly (readonly [byte: number | string, name: string, argument?: ArgumentKind])[] = [
  // protocol 0
  ['(', 'MARK'],
  ['.', 'STOP'],
  ['0', 'POP'],
  ['1', 'POP_MARK'],
  ['2', 'DUP'],
  ['F', 'FLOAT', 'line'],
  ['I', 'INT', 'line'],
  ['L', 'LONG', 'line'],
  ['N', 'NONE'],
  ['P', 'PERSID', 'line'],
  ['R', 'REDUCE'],
  ['S', 'STRING', 'text-line'],
  ['V', 'UNICODE', 'text-line'],
  ['a', 'APPEND'],
  ['b', 'BUILD'],
  ['c', 'GLOBAL', 'two-lines'],
  ['d', 'DICT'],
  ['g', 'GET', 'line'],
  ['i', 'INST', 'two-lines'],
  ['l', 'LIST'],
  ['p', 'PUT', 'line'],
  ['s', 'SETITEM'],
  ['t', 'TUPLE'],
  // protocol 1
  ['G', 'BINFLOAT', 'f8'],
  ['J', 'BININT', 'i4'],
  ['K', 'BININT1', 'u1'],
  ['M', 'BININT2', 'u2'],
  ['Q', 'BINPERSID'],
  ['T', 'BINSTRING', 'signed-bytes-4'],
  ['U', 'SHORT_BINSTRING', 'bytes-1'],
  ['X', 'BINUNICODE', 'bytes-4'],
  [']', 'EMPTY_LIST'],
  ['}', 'EMPTY_DICT'],
  [')', 'EMPTY_TUPLE'],
  ['e', 'APPENDS'],
  ['h', 'BINGET', 'u1'],
  ['j', 'LONG_BINGET', 'u4'],
  ['o', 'OBJ'],
  ['q', 'BINPUT', 'u1'],
  ['r', 'LONG_BINPUT', 'u4'],
  ['u', 'SETITEMS'],
  // protocol 2
  [0x80, 'PROTO', 'u1'],
  [0x81, 'NEWOBJ'],
  [0x82, 'EXT1', 'u1'],
  [0x83, 'EXT2', 'u2'],
  [0x84, 'EXT4', 'i4'],
  [0x85, 'TUPLE1'],
  [0x86, 'TUPLE2'],
  [0x87, 'TUPLE3'],
  [0x88, 'NEWTRUE'],
  [0x89, 'NEWFALSE'],
  [0x8a, 'LONG1', 'bytes-1'],
  [0x8b, 'LONG4', 'signed-bytes-4'],
  // protocol 3
  ['B', 'BINBYTES', 'bytes-4'],
  ['C', 'SHORT_BINBYTES', 'bytes-1'],
  // protocol 4
  [0x8c, 'SHORT_BINUNICODE', 'bytes-1'],
  [0x8d, 'BINUNICODE8', 'bytes-8'],
  [0x8e, 'BINBYTES8', 'bytes-8'],
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
  [0x92, 'NEWOBJ_EX'],
  [0x93, 'STACK_GLOBAL'],
  [0x94, 'MEMOIZE'],
  [0x95, 'FRAME', 'u8'],
  // protocol 5
  [0x96, 'BYTEARRAY8', 'bytes-8'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
];

/** All opcodes of the protocols 0 to 5 by their byte, as Python's documentation of pickletools lists them. */
export const opcodes: ReadonlyMap<number, Opcode> = new Map(
  rows.map(([byte, name, argument = 'none']) => [typeof byte === 'string' ? byte.charCodeAt(0) : byte, { name, argument }]),
);
