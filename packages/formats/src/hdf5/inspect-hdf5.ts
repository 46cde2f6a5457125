import type { Inspection } from '@cluster-ai/contracts';
import { BrokenStructure, type Inspecting, type Report, toDetail, toUnknown } from '../inspection/report.ts';
import { isObject, readJson } from '../json/read-json.ts';
import { checkKerasConfig, isKerasConfig } from '../keras/check-config.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { walkObjects } from './walk-objects.ts';

const SIGNATURE = Buffer.from('894844460d0a1a0a', 'hex');
const PLACES = [0, 512, 1024, 2048];
/** In the first form of the start: version, sizes of addresses and lengths, the root's header. */
const SUPERBLOCK_BYTES = 96;
const SIZES_AT = 13;
const ROOT_AT = [64, 68];

const isAt = (source: ByteSource, at: number) =>
  source.sizeBytes >= at + SIGNATURE.length && source.read(at, SIGNATURE.length).equals(SIGNATURE);

/** A file may begin with something else of 512 bytes or more. */
export const looksLikeHdf5 = (source: ByteSource): boolean => PLACES.some((at) => isAt(source, at));

const notUnderstood = (what: string): Report => toUnknown({ container: 'hdf5' }, { code: 'hdf5_not_understood', detail: what });

/** What Keras writes at the top of its files. */
const kerasNames = ['layers', '_layer_checkpoint_dependencies', 'model_weights', 'vars', 'optimizer'];
/** State that is saved with a model and is no parameter of it. */
const noParameters = /(^|\/)(optimizer|_?optimizer_weights|metrics|seed_generator|_random_generator|state_tracker)(\/|$)/;

function checkConfig(text: string, inspecting: Inspecting): Inspection['metadata'] {
  const { value } = readJson(text, inspecting.budget);
  if (!isObject(value) || !isKerasConfig(value)) throw new BrokenStructure('model_config');
  return checkKerasConfig(value, inspecting).metadata;
}

/** Reads an HDF5 file of the form that h5py writes by default: its groups, the shapes of its datasets, and Keras' configuration in it. */
export async function inspectHdf5(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  if (!isAt(source, 0)) return notUnderstood('it does not begin at the first byte');
  const start = source.read(0, Math.min(SUPERBLOCK_BYTES, source.sizeBytes));
  const version = start[SIGNATURE.length] ?? 0;
  const rootAt = ROOT_AT[version];
  if (rootAt === undefined || start[SIZES_AT] !== 8 || start[SIZES_AT + 1] !== 8) return notUnderstood(`version ${version}`);
  const seen = walkObjects(source, Number(start.readBigUInt64LE(rootAt)), inspecting);
  for (const path of seen.external) inspecting.find('external_data_escapes', toDetail(path));
  const config = seen.attributes.get('model_config');
  const metadata = config === undefined ? {} : checkConfig(config, inspecting);
  if (seen.unknown.length > 0) return notUnderstood(toDetail(seen.unknown.join(', ')));
  if (config === undefined && !seen.names.some((name) => kerasNames.includes(name))) return notUnderstood('no model of Keras');
  const weights = seen.datasets.filter(({ path }) => !noParameters.test(path));
  const parameters = weights.reduce((sum, { elements }) => sum + elements, 0n);
  if (parameters > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`${parameters} elements`, 'impossible_claim');
  const kerasVersion = seen.attributes.get('keras_version');
  return {
    format: 'keras',
    framework: 'tensorflow',
    parameterCount: Number(parameters),
    metadata: {
      ...metadata,
      container: 'hdf5',
      datasets: seen.datasets.length,
      ...(kerasVersion !== undefined && { kerasVersion: toDetail(kerasVersion) }),
    },
  };
}
