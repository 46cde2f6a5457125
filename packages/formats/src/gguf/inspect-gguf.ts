import { ClusterError, type ModelFacts, phrase } from '@cluster-ai/contracts';
import { openRegularFile } from '../open-regular-file.ts';
import { BoundedReader, HeaderProblem } from './bounded-reader.ts';
import { checkModel } from './check-model.ts';
import { readHeader } from './read-header.ts';
import { toFacts } from './to-facts.ts';

/**
 * Reads what a GGUF file says about itself, after checking that its header hangs together and that all weights that it lists lie
 * inside the file. The weights themselves are not read: damage in them shows only in the digest.
 * Throws ClusterError `invalid_model_file` with what is wrong and where, or `file_not_found`.
 */
export async function inspectGguf(path: string): Promise<ModelFacts> {
  const { handle, sizeBytes } = await openRegularFile(path);
  try {
    const header = await readHeader(new BoundedReader(handle, sizeBytes));
    return toFacts(header, checkModel(header));
  } catch (error) {
    const { finding } = error instanceof HeaderProblem ? error : new HeaderProblem('cannot be read');
    throw new ClusterError('invalid_model_file', [phrase('not_valid_gguf', { path }), finding], {
      hint: phrase('get_the_file_again'),
      cause: error,
    });
  } finally {
    await handle.close();
  }
}
