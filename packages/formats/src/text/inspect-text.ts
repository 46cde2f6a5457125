import { isUtf8 } from 'node:buffer';
import { BrokenStructure, type Inspecting, type Report, toDetail, toUnknown } from '../inspection/report.ts';
import { isObject, type JsonObject, type JsonValue, readJson } from '../json/read-json.ts';
import { checkKerasConfig, isKerasConfig } from '../keras/check-config.ts';
import type { ByteSource } from '../source/byte-source.ts';

const SAMPLE_BYTES = 64 * 1024;
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const LONGEST_CHARACTER = 4;

/** Whether it begins as text does: UTF-8 without control characters but those of lines. A character may be cut at the end of the sample. */
export function looksLikeText(source: ByteSource): boolean {
  const sample = source.read(0, Math.min(SAMPLE_BYTES, source.sizeBytes));
  const whole = sample.length === source.sizeBytes;
  const isText = whole
    ? isUtf8(sample)
    : [0, 1, 2, 3].some((cut) => cut < LONGEST_CHARACTER && isUtf8(sample.subarray(0, sample.length - cut)));
  return sample.length > 0 && isText && sample.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13) || byte === 0x1b);
}

function parse(source: ByteSource, { budget }: Inspecting): JsonValue | undefined {
  if (source.sizeBytes > MAX_JSON_BYTES) return undefined;
  const text = source.read(0, source.sizeBytes).toString('utf8');
  if (!/^\s*[{[]/.test(text.slice(0, 1024))) return undefined;
  try {
    return readJson(text, budget).value;
  } catch (error) {
    if (error instanceof BrokenStructure) return undefined;
    throw error;
  }
}

/** Configurations of Hugging Face that name Python files of the repository, for loaders that trust them. */
function checkAutoMap(config: JsonObject, find: Inspecting['find']): void {
  const map = config.get('auto_map');
  if (isObject(map)) for (const value of map.values()) find('remote_code', toDetail(String(value)));
}

/** Text: harmless by itself, but for configurations that name code. */
export async function inspectText(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const value = parse(source, inspecting);
  if (value === undefined) return toUnknown({ content: 'text' });
  if (isObject(value) && isKerasConfig(value)) return checkKerasConfig(value, inspecting);
  if (isObject(value)) checkAutoMap(value, inspecting.find);
  return toUnknown({ content: 'json' });
}
