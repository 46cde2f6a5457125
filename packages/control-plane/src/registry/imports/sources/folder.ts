import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import { toSourceError } from '../../../stores/fs/file-errors.ts';
import type { ImportPlan, Source } from '../plan.ts';
import { toSafePath } from '../safe-path.ts';
import { chooseFiles, mediaTypeOf } from './choose-files.ts';
import type { NodeMemory } from './fit-nodes.ts';
import { toModelName } from './to-model-name.ts';

const DEEPEST = 3;
const MOST_FILES = 2000;

interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Regular files below a folder. Links are left out: they lead anywhere. */
async function listFiles(root: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  async function walk(folder: string, depth: number): Promise<void> {
    signal.throwIfAborted();
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < DEEPEST) await walk(path, depth + 1);
      else if (entry.isFile()) found.push({ path: relative(root, path).split(sep).join('/'), sizeBytes: (await lstat(path)).size });
      if (found.length > MOST_FILES)
        throw new ClusterError('invalid_request', phrase('folder_has_too_many', { path: root, most: MOST_FILES }), { param: 'reference' });
    }
  }
  await walk(root, 0);
  return found;
}

/** A folder, or a file, of the control plane's machine. */
export function createFolderSource({ nodes }: { readonly nodes: () => readonly NodeMemory[] }): Source {
  return {
    async resolve({ reference, file }, signal): Promise<ImportPlan> {
      if (!isAbsolute(reference) || reference.includes('\0'))
        throw new ClusterError('invalid_request', phrase('path_must_be_absolute'), {
          hint: phrase('write_from_the_root', { example: '/models/llama' }),
          param: 'reference',
        });
      const root = await realpath(reference).catch((error: unknown) => {
        throw toSourceError(error, reference);
      });
      const stats = await lstat(root);
      const found = stats.isDirectory() ? await listFiles(root, signal) : [{ path: basename(root), sizeBytes: stats.size }];
      const { files, choices } = chooseFiles(found, { wanted: file, nodes: nodes(), place: reference });
      const toLocal = (path: string) => (stats.isDirectory() ? join(root, path) : root);
      return {
        files: files.map(({ path, sizeBytes }) => ({
          path: toSafePath(path.split('/').map(toFileName).join('/')),
          mediaType: mediaTypeOf(path),
          sizeBytes,
          digest: null,
          origin: { kind: 'local', path: toLocal(path) },
        })),
        suggestedName: toModelName(basename(root).replace(/\.gguf$/i, '')),
        suggestedAlias: 'latest',
        source: root,
        choices,
      };
    },
  };
}

/** Files of one's own may be called anything; inside of a version they get a name that every system takes. */
const toFileName = (name: string) =>
  name
    .replace(/[^A-Za-z0-9_.@+= -]/g, '_')
    .replace(/^[^A-Za-z0-9_]/, '_')
    .replaceAll('..', '._');
