import { startCluster } from '../../test/support/start-cluster.ts';
import { type Contender, countEvents, type Load } from './contenders.ts';

const isToken = (event: string) => event.startsWith('data: {') && event.includes('"finish_reason":null');

/** What a client of the product gets: client → control plane → link → agent → engine, each in its own process. */
export async function openWholePath({ modelPath, threads, slots, contextSize }: Load): Promise<Contender> {
  const config = `inference: { threads: ${threads}, parallel: ${slots}, contextSize: ${contextSize}, keepAliveSeconds: -1 }\n`;
  const cluster = await startCluster({ config, models: { bench: modelPath } });
  const { hostname: host, port } = new URL(cluster.url);
  const target = { host, port, path: '/v1/completions' };
  return {
    name: 'cluster-ai, whole path',
    async run(streams) {
      const counts = streams.map(({ prompt, tokens }) =>
        countEvents(target, { model: 'bench', prompt, max_tokens: tokens, temperature: 0, stream: true, cache_prompt: false }, isToken),
      );
      return (await Promise.all(counts)).reduce((total, count) => total + count, 0);
    },
    async [Symbol.asyncDispose]() {
      await cluster.stop();
    },
  };
}
