import type { Value } from './values.ts';

/** Bytes of an element of the storages that PyTorch names in a pickle. */
const elementBytes: Readonly<Record<string, number>> = {
  DoubleStorage: 8,
  LongStorage: 8,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  FloatStorage: 4,
  IntStorage: 4,
  QInt32Storage: 4,
  HalfStorage: 2,
  BFloat16Storage: 2,
  ShortStorage: 2,
};

const textOf = (value: Value | undefined) => (value?.kind === 'text' ? value.text : undefined);
const countOf = (value: Value | undefined) =>
  value?.kind === 'number' && typeof value.value === 'number' && value.value >= 0 ? value.value : undefined;

/** A storage as PyTorch refers to it: `('storage', type, key, place, elements)`; `undefined` for any other reference. */
export function toStorage(id: Value): Extract<Value, { kind: 'storage' }> | undefined {
  const [word, type, key, , elements] = id.kind === 'tuple' ? id.items : [];
  const count = countOf(elements);
  const name = textOf(key);
  if (textOf(word) !== 'storage' || type?.kind !== 'global' || name === undefined || count === undefined) return undefined;
  return { kind: 'storage', key: name, elements: count, elementBytes: elementBytes[type.name.split('.').at(-1) ?? ''] ?? 1 };
}

const rebuilders: ReadonlySet<string> = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
]);

/**
 * Counts the elements of all tensors that a pickle would build. A tensor that is there twice under two names, as tied weights are, counts
 * once: it is the same part of the same storage.
 */
export function createTensorCount() {
  const seen = new Set<string>();
  let elements = 0n;
  return {
    /** Looks at a call; those that build no tensor change nothing. */
    see(global: string, args: readonly Value[]): void {
      const [storage, offset, shape] = args;
      if (!rebuilders.has(global) || storage?.kind !== 'storage' || shape?.kind !== 'tuple') return;
      const dimensions = shape.items.map((item) => countOf(item) ?? 0);
      const key = `${storage.key} ${countOf(offset)} ${dimensions.join('x')}`;
      if (seen.has(key)) return;
      seen.add(key);
      elements += dimensions.reduce((product, dimension) => product * BigInt(dimension), 1n);
    },
    get tensors(): number {
      return seen.size;
    },
    /** `null` where it cannot be true: more elements than a file can hold. */
    get elements(): number | null {
      return elements <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(elements) : null;
    },
  };
}

export type TensorCount = ReturnType<typeof createTensorCount>;
