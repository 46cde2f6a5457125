import type { FindingCode } from '@cluster-ai/contracts';
import type { SafeTensor } from './read-tensors.ts';

interface Finding {
  readonly code: FindingCode;
  readonly detail: string;
}

const placeOf = ({ name, begin, end }: SafeTensor) => `${name} ${begin}-${end}`;

function compare(before: SafeTensor | undefined, tensor: SafeTensor): Finding[] {
  const start = before?.end ?? 0;
  if (tensor.begin < start)
    return [{ code: 'tensors_overlap', detail: before === undefined ? placeOf(tensor) : `${placeOf(before)}, ${placeOf(tensor)}` }];
  return tensor.begin > start ? [{ code: 'tensors_have_holes', detail: `${start}-${tensor.begin}` }] : [];
}

/** Whether the tensors fill the bytes of the file exactly, one after the other. Pure. */
export function checkLayout(tensors: readonly SafeTensor[], dataBytes: number): readonly Finding[] {
  const ordered = tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  const between = ordered.flatMap((tensor, index) => compare(ordered[index - 1], tensor));
  const end = ordered.at(-1)?.end ?? 0;
  if (end > dataBytes) return [...between, { code: 'broken_structure', detail: `${end} bytes of tensors, where ${dataBytes} follow` }];
  return end < dataBytes ? [...between, { code: 'trailing_data', detail: `${dataBytes - end} bytes` }] : between;
}
