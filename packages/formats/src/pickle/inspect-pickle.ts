import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { type ByteSource, bufferSource, sliceSource } from '../source/byte-source.ts';
import { judgeGlobal } from './judge-global.ts';
import { createTensorCount, type TensorCount, toStorage } from './torch-tensors.ts';
import { OTHER, type Value } from './values.ts';
import { type Walked, walkPickle } from './walk-pickle.ts';

type Storage = Extract<Value, { kind: 'storage' }>;

export interface SeenPickle extends Walked {
  readonly globals: number;
  /** By key; a pickle of PyTorch refers to each once or more. */
  readonly storages: ReadonlyMap<string, Storage>;
}

const MAX_NESTED = 4;
const MAX_NESTED_TRIES = 1000;
const MIN_PICKLE_BYTES = 4;
const MAX_LATIN1_BYTES = 4 * 1024 * 1024;

const isBinaryStart = ([proto, version = 255]: Buffer) => proto === 0x80 && version <= 5;
/** How bytes look that protocol 2 keeps as a text of Latin-1 characters: 0x80 in UTF-8. */
const isLatin1Start = ([first, second]: Buffer) => first === 0xc2 && second === 0x80;

function unwrapLatin1(source: ByteSource): ByteSource | undefined {
  if (source.sizeBytes > MAX_LATIN1_BYTES) return undefined;
  return bufferSource(Buffer.from(source.read(0, source.sizeBytes).toString('utf8'), 'latin1'));
}

/** Follows pickles and tells `find` what they would do; pickles that hide in texts and bytes are followed as well. */
export function createPickleReader({ budget, find }: Inspecting, tensors: TensorCount) {
  let tries = 0;

  /** Only a whole pickle counts here: random bytes begin like one now and then. */
  function lookInside(source: ByteSource, at: number, length: number, start: Buffer, depth: number): void {
    if (!isBinaryStart(start) && !isLatin1Start(start)) return;
    const part = sliceSource(source, at, length);
    const nested = isBinaryStart(start) ? part : unwrapLatin1(part);
    if (nested === undefined || depth >= MAX_NESTED || tries++ >= MAX_NESTED_TRIES) {
      find('too_large_to_inspect', `a pickle inside, of ${length} bytes`);
      return;
    }
    const held: (() => void)[] = [];
    const { problem } = walk(nested, 0, depth + 1, (code, detail) => held.push(() => find(code, `${detail} (in a pickle inside)`)));
    if (problem === undefined) for (const tell of held) tell();
  }

  function walk(source: ByteSource, from: number, depth: number, tell: Inspecting['find']): SeenPickle {
    const globals = new Set<string>();
    const storages = new Map<string, Storage>();
    const walked = walkPickle(source, from, budget, {
      onGlobal: (module, name) => {
        globals.add(`${module}.${name}`);
        const verdict = judgeGlobal(module, name);
        if (verdict !== 'allowed')
          tell(verdict === 'dangerous' ? 'pickle_global_dangerous' : 'pickle_global_unknown', toDetail(`${module}.${name}`));
      },
      onComputed: (what) => tell('pickle_global_computed', what),
      onChange: (global) => tell('pickle_changes_global', toDetail(global)),
      onExtension: (code) => tell('pickle_extension', String(code)),
      onPersistent: (id) => {
        const storage = toStorage(id);
        if (storage) storages.set(storage.key, storage);
        else tell('pickle_persistent_id', id.kind === 'text' ? toDetail(id.text) : id.kind);
        return storage ?? OTHER;
      },
      onCall: (global, args) => tensors.see(global, args),
      onBytes: (at, length, bytes) => {
        if (length >= MIN_PICKLE_BYTES) lookInside(source, at, length, bytes ?? source.read(at, 2), depth);
      },
    });
    return { ...walked, globals: globals.size, storages };
  }

  return { read: (source: ByteSource, from: number) => walk(source, from, 0, find) };
}

export const beginsBinaryPickle = (source: ByteSource): boolean => source.sizeBytes >= 2 && isBinaryStart(source.read(0, 2));

/**
 * Whether bytes are a pickle of the protocols 0 and 1, which begin by no mark: it comes to its end, or calls something before it breaks.
 * Text does neither, but for a few words made for it.
 */
export function isOldPickle(source: ByteSource, budget: Inspecting['budget']): boolean {
  const nothing = () => {};
  const events = { onGlobal: nothing, onComputed: nothing, onChange: nothing, onExtension: nothing, onCall: nothing, onBytes: nothing };
  const { problem, calls, opcodes } = walkPickle(source, 0, budget, { ...events, onPersistent: () => OTHER });
  return calls > 0 || (problem === undefined && opcodes > 1);
}

const MAX_PICKLES = 10_000;
const PADDING_BYTES = 4096;

/** Pickles one after the other, as `pickle.load` reads them when it is called again. Gives where the last one ends. */
function readRow(source: ByteSource, read: (source: ByteSource, from: number) => SeenPickle, { find, budget }: Inspecting): SeenPickle[] {
  const row: SeenPickle[] = [];
  for (let at = 0; at < source.sizeBytes && row.length < MAX_PICKLES; ) {
    budget.spend('steps', 1);
    const seen = read(source, at);
    if (seen.problem !== undefined && row.length > 0 && seen.globals === 0) break; // no pickle, but what follows after them
    row.push(seen);
    at = seen.end;
    if (seen.problem !== undefined) {
      find('broken_structure', toDetail(seen.problem));
      break;
    }
  }
  return row;
}

function tellRest(source: ByteSource, end: number, { find }: Inspecting): void {
  const rest = source.sizeBytes - end;
  const isPadding = rest <= PADDING_BYTES && source.read(end, rest).every((byte) => byte === 0);
  if (!isPadding) find('trailing_data', `${rest} bytes`);
}

/** The pickle of PyTorch's older format: a number, its version, facts about the machine, the object, the keys of its storages. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PICKLES = 5;

function isLegacyTorch([magic]: readonly SeenPickle[]): boolean {
  return magic?.result.kind === 'number' && magic.result.value === LEGACY_MAGIC;
}

/** After the pickles each storage follows: its number of elements in 8 bytes, then these. */
const legacyBytes = (storages: ReadonlyMap<string, Storage>) =>
  [...storages.values()].reduce((sum, { elements, elementBytes }) => sum + 8 + elements * elementBytes, 0);

function toLegacyReport(source: ByteSource, row: readonly SeenPickle[], tensors: TensorCount, inspecting: Inspecting): Report {
  const [, , , object, keys] = row;
  for (const { problem } of row) if (problem !== undefined) inspecting.find('broken_structure', toDetail(problem));
  const end = keys ? keys.end + legacyBytes(object?.storages ?? new Map()) : source.sizeBytes + 1;
  if (end > source.sizeBytes) inspecting.find('broken_structure', `${end} bytes are needed, where ${source.sizeBytes} are there`);
  if (end < source.sizeBytes) inspecting.find('trailing_data', `${source.sizeBytes - end} bytes`);
  return {
    format: 'pytorch',
    framework: 'pytorch',
    parameterCount: tensors.elements,
    metadata: { container: 'legacy', tensors: tensors.tensors, storages: object?.storages.size ?? 0 },
  };
}

/** A bare pickle, several in a row, or PyTorch's older format, which is five of them before the bytes of its storages. */
export async function inspectPickle(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const tensors = createTensorCount();
  const reader = createPickleReader(inspecting, tensors);
  const first = reader.read(source, 0);
  if (isLegacyTorch([first])) {
    const rest: SeenPickle[] = [first];
    for (let last = first; rest.length < LEGACY_PICKLES && last.problem === undefined; rest.push(last))
      last = reader.read(source, last.end);
    return toLegacyReport(source, rest, tensors, inspecting);
  }
  const row = readRow(source, (from, at) => (at === 0 ? first : reader.read(from, at)), inspecting);
  const last = row.at(-1);
  if (last && last.problem === undefined) tellRest(source, last.end, inspecting);
  return {
    format: 'pickle',
    framework: 'other',
    parameterCount: tensors.tensors > 0 ? tensors.elements : null,
    metadata: {
      pickles: row.length,
      opcodes: row.reduce((sum, { opcodes }) => sum + opcodes, 0),
      ...(tensors.tensors > 0 && { tensors: tensors.tensors }),
    },
  };
}
