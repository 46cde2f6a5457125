import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyInstance } from 'fastify';

const instead: Readonly<Record<string, string>> = {
  'POST /pull': 'Add a file with `cluster-ai models add NAME --file PATH.gguf`.',
  'POST /push': 'Copy the file that `cluster-ai models show NAME` names.',
  'POST /create': 'Add a file with `cluster-ai models add NAME --file PATH.gguf`.',
  'POST /copy': 'Add the same file under the other name with `cluster-ai models add`; it is stored once.',
  'DELETE /delete': 'Use `cluster-ai models rm NAME`.',
  'HEAD /blobs/:digest': '',
  'POST /blobs/:digest': 'Add a file with `cluster-ai models add NAME --file PATH.gguf`.',
};

/** Ollama's ways to change models, each refused with what to use here. */
export function refuseModelChanges(app: FastifyInstance): void {
  for (const [route, hint] of Object.entries(instead)) {
    const [method = '', url = ''] = route.split(' ');
    const refuse = () => {
      throw new ClusterError('unsupported_feature', `${method} /api${url} is not supported.`, { hint });
    };
    app.route({ method, url, config: { permission: 'models:write' }, handler: refuse });
  }
}
