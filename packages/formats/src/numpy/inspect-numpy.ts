import { BrokenStructure, type Inspecting, type Report } from '../inspection/report.ts';
import { inspectPickle } from '../pickle/inspect-pickle.ts';
import { type ByteSource, sliceSource } from '../source/byte-source.ts';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER_BYTES = 64 * 1024;

export const looksLikeNumpy = (source: ByteSource): boolean => source.sizeBytes >= 10 && source.read(0, MAGIC.length).equals(MAGIC);

/** An array of NumPy: numbers are harmless, objects are a pickle behind the header. Source: NumPy's description of the format. */
export async function inspectNumpy(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const [major = 0] = source.read(MAGIC.length, 1);
  const headerAt = major === 1 ? 10 : 12;
  const length = major === 1 ? source.read(8, 2).readUInt16LE() : source.read(8, 4).readUInt32LE();
  if (length > MAX_HEADER_BYTES) throw new BrokenStructure(`a header of ${length} bytes`, 'impossible_claim');
  const header = source.read(headerAt, length).toString('latin1');
  const type = /'descr': *('[^']{1,64}'|\[)/.exec(header)?.[1] ?? '';
  if (type === '' || /O/.test(type === '[' ? header : type)) {
    const dataAt = headerAt + length;
    return inspectPickle(sliceSource(source, dataAt, source.sizeBytes - dataAt), inspecting);
  }
  return { format: 'unknown', framework: 'other', parameterCount: null, metadata: { content: 'numpy' } };
}
