import { ClusterError } from '@cluster-ai/contracts';
import type { ByteRange } from '../../stores/blob-store.ts';

/**
 * One range of RFC 9110, section 14: `bytes=N-`, `bytes=N-M` or `bytes=-N`. What is no range of bytes, or several, is ignored, as that
 * section wants. Throws `range_not_satisfiable` for one that lies outside.
 */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== '' && last !== '' && Number(last) < from) return undefined;
  if (from > to)
    throw new ClusterError('range_not_satisfiable', `The range lies outside of ${sizeBytes} bytes.`, { details: { sizeBytes } });
  return { from, to };
}
