import { constants, setPriority } from 'node:os';
import { toWireError } from '@cluster-ai/contracts';
import { inspectFile } from '@cluster-ai/formats';
import { endWithParent } from '@cluster-ai/runtime';
import type { InspectAnswer, InspectMessage } from './inspection-messages.ts';

// The process that reads a file of strangers: one file, one answer. It may read and nothing else (Node's permissions, see inspector.ts).

async function inspect({ path, limits }: InspectMessage): Promise<InspectAnswer> {
  try {
    return { inspection: await inspectFile(path, limits) };
  } catch (error) {
    return { error: toWireError(error) };
  }
}

setPriority(constants.priority.PRIORITY_LOW);
endWithParent();
process.once('message', (message) => {
  void inspect(message as InspectMessage).then((answer) => process.send?.(answer, () => process.disconnect()));
});
