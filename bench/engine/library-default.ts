import { getLlama, type Token } from 'node-llama-cpp';
import type { Load, Stream } from './contenders.ts';

// The other side of openLibraryDefault: what one would write with the library's documentation at hand.
const { modelPath, threads, slots, contextSize } = JSON.parse(process.argv[2] ?? '{}') as Load;
const llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, maxThreads: threads });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({ sequences: slots, contextSize, threads, flashAttention: true });
const sequences = Array.from({ length: slots }, () => context.getSequence());

async function generate({ prompt, tokens }: Stream, index: number): Promise<number> {
  const sequence = sequences[index];
  if (!sequence) throw new Error('More streams than slots.');
  let count = 0;
  for await (const _ of sequence.evaluate(prompt.slice() as Token[], { temperature: 0 })) if (++count === tokens) break;
  return count;
}

process.on('message', async (streams: readonly Stream[]) => {
  for (const sequence of sequences) await sequence.clearHistory();
  const counts = await Promise.all(streams.map(generate));
  process.send?.(counts.reduce((total, count) => total + count, 0));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
