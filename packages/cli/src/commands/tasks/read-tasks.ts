import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { ClusterError, type TaskInput } from '@cluster-ai/contracts';

/** Of a command line, where numbers and lists are written as JSON and words as they are. */
export function readArgument(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

function parse(written: string, place: string): unknown {
  try {
    return JSON.parse(written);
  } catch (cause) {
    throw new ClusterError('invalid_request', `${place} is no JSON: ${(cause as Error).message}`, {
      hint: 'It holds a task, a list of tasks, {"tasks": […]}, or one task on each line.',
      cause,
    });
  }
}

/** One value, or one on each line. */
function parseFile(written: string, place: string): unknown {
  const lines = written.split('\n').filter((line) => line.trim() !== '');
  const isLines = lines.length > 1 && lines.every((line) => line.startsWith('{') && line.trimEnd().endsWith('}'));
  return isLines ? lines.map((line) => parse(line, place)) : parse(written, place);
}

/** The tasks of a file, or of standard input for `-`. What is in them is checked where it is handed in. Throws `file_not_found`, `invalid_request`. */
export async function readTasks(path: string): Promise<readonly TaskInput[]> {
  const written = await (path === '-' ? readAll(process.stdin) : readFile(path, 'utf8')).catch((cause: unknown) => {
    throw new ClusterError('file_not_found', `${path} cannot be read.`, { hint: 'Name a file with tasks as JSON.', cause });
  });
  const value = parseFile(written, path) as TaskInput | readonly TaskInput[] | { readonly tasks: readonly TaskInput[] };
  if (Array.isArray(value)) return value;
  return 'tasks' in value ? value.tasks : [value as TaskInput];
}
