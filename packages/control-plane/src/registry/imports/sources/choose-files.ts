import { ClusterError, phrase } from '@cluster-ai/contracts';
import { type FileChoice, fileTypes } from '../plan.ts';
import { fitNodes, type NodeMemory } from './fit-nodes.ts';

export interface ListedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

interface Wish {
  /** A path, or a quantization such as `Q4_K_M`. */
  readonly wanted: string | undefined;
  readonly nodes: readonly NodeMemory[];
  /** For errors: where the files are. */
  readonly place: string;
}

/** What people take when they have no reason to take another: small, and hardly worse. */
const USUAL = 'Q4_K_M';

const quantization = /(?:^|[-._])((?:i?q[1-8](?:_[a-z0-9]+)*|tq[12]_0|mxfp4|f16|bf16|f32|fp16)(?:_moe)?)\.gguf$/i;
const isPartial = /-\d{5}-of-\d{5}\.gguf$/i;
/** The image part of a model, or its importance matrix: no model. */
const isAttachment = /(^|[-._/])(mmproj|imatrix|projector)/i;

export const quantizationOf = (path: string): string | undefined => quantization.exec(path)?.[1]?.toUpperCase();

export function mediaTypeOf(path: string): string {
  if (/\.gguf$/i.test(path)) return fileTypes.gguf;
  if (/\.safetensors$/i.test(path)) return fileTypes.safetensors;
  if (/\.onnx$/i.test(path)) return fileTypes.onnx;
  if (/\.json$/i.test(path)) return fileTypes.json;
  return /\.(txt|md|jinja|license)$|license$/i.test(path) ? fileTypes.text : fileTypes.other;
}

const isWanted = (wanted: string) => {
  const lower = wanted.toLowerCase();
  return ({ path }: ListedFile) =>
    path.toLowerCase() === lower || path.toLowerCase().split('/').at(-1) === lower || quantizationOf(path)?.toLowerCase() === lower;
};

/** The largest that a node can hold is the best one; where none can be held, the smallest is the nearest to it. */
function recommend(files: readonly ListedFile[], nodes: readonly NodeMemory[]): ListedFile | undefined {
  const fits = ({ sizeBytes }: ListedFile) => fitNodes(sizeBytes, nodes).some((fit) => fit.fits);
  const usual = files.find(({ path }) => quantizationOf(path) === USUAL);
  if (usual !== undefined && (nodes.length === 0 || fits(usual))) return usual;
  const bySize = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  return bySize.find(fits) ?? bySize.at(-1);
}

const names = (files: readonly ListedFile[]) =>
  files
    .map(({ path }) => quantizationOf(path) ?? path)
    .slice(0, 30)
    .join(', ');

function chooseGguf(files: readonly ListedFile[], { wanted, nodes, place }: Wish) {
  const whole = files.filter(({ path }) => !isPartial.test(path));
  if (whole.length === 0)
    throw new ClusterError('unsupported_feature', phrase('source_is_in_parts', { place }), { hint: phrase('join_the_parts') });
  const chosen = wanted === undefined ? recommend(whole, nodes) : whole.find(isWanted(wanted));
  if (chosen === undefined)
    throw new ClusterError('source_not_found', phrase('source_has_no_file', { place, file: wanted ?? '' }), {
      hint: phrase('it_has', { names: names(whole) }),
      param: 'file',
    });
  const choices: FileChoice[] = whole.map((file) => ({
    file: quantizationOf(file.path) ?? file.path,
    sizeBytes: file.sizeBytes,
    isChosen: file === chosen,
  }));
  return { files: [chosen], choices };
}

const belongsToTensors = /(\.safetensors|(^|\/)[^/]*\.(json|jinja|model)|(^|\/)(vocab|merges)\.txt|(^|\/)license(\.\w+)?)$/i;

/**
 * Which files of a repository or folder make a model: one GGUF of those that there are, else all tensors with what describes them. Pickles are
 * never taken: loading one runs it. Pure. Throws `source_not_found`, `source_refused`, `unsupported_feature`.
 */
export function chooseFiles<File extends ListedFile>(
  files: readonly File[],
  wish: Wish,
): { readonly files: readonly File[]; readonly choices: readonly FileChoice[] } {
  const gguf = files.filter(({ path }) => /\.gguf$/i.test(path) && !isAttachment.test(path));
  if (gguf.length > 0) {
    const { files: chosen, choices } = chooseGguf(gguf, wish);
    return { files: gguf.filter((file) => chosen.includes(file)), choices };
  }
  const { place } = wish;
  const tensors = files.filter(({ path }) => /\.(safetensors|onnx)$/i.test(path));
  if (tensors.length === 0) {
    if (files.some(({ path }) => /\.(bin|pt|pth|ckpt|pkl|pickle)$/i.test(path)))
      throw new ClusterError('source_refused', phrase('source_has_pickles', { place }), { hint: phrase('ask_for_safetensors') });
    throw new ClusterError('source_not_found', phrase('source_has_no_model', { place }), { hint: phrase('check_the_reference') });
  }
  const isKept = ({ path }: File) => tensors.some((file) => file.path === path) || belongsToTensors.test(path);
  return { files: files.filter(isKept), choices: [] };
}
