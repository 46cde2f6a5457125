import { realpath, stat } from 'node:fs/promises';
import { toClusterError } from '@cluster-ai/contracts';
import { inspectGguf } from '@cluster-ai/formats';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Weights } from '../weights.ts';
import type { Candidate } from './candidate.ts';
import { listHuggingFaceCandidates } from './hugging-face-candidates.ts';
import type { KnownFolders } from './known-folders.ts';
import { listOllamaCandidates } from './ollama-candidates.ts';

type Found = Awaited<ReturnType<Weights['found']>>[number];

export interface FindDeps {
  readonly folders: KnownFolders;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAX_FILES = 500;
const MAX_MS = 10_000;

async function* listCandidates({ ollama, huggingFace }: KnownFolders): AsyncGenerator<Candidate> {
  for (const folder of ollama) yield* listOllamaCandidates(folder);
  for (const folder of huggingFace) yield* listHuggingFaceCandidates(folder);
}

async function inspect(path: string): Promise<Pick<Found, 'facts' | 'problem' | 'problems'>> {
  try {
    return { facts: await inspectGguf(path), problem: null, problems: [] };
  } catch (error) {
    const { message, said } = toClusterError(error);
    return { facts: null, problem: message, problems: said?.message ?? [] };
  }
}

/** Looks through the model folders of other programs; stops after many files or much time, and says so in the log. */
export async function findWeights({ folders, clock, log }: FindDeps, signal: AbortSignal): Promise<readonly Found[]> {
  const until = clock.monotonic() + MAX_MS;
  const seen = new Set<string>();
  const found: Found[] = [];
  for await (const { path, source, suggestedName } of listCandidates(folders)) {
    signal.throwIfAborted();
    if (found.length >= MAX_FILES || clock.monotonic() > until) {
      log.warn({ files: found.length }, 'The search for models on this machine stopped at its limit');
      break;
    }
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const { size } = await stat(real);
    found.push({ path, sizeBytes: size, source, suggestedName, ...(await inspect(path)) });
  }
  return found;
}
