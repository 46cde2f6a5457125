import { createServer } from 'node:net';
import type { Config } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import type { Finding } from './check.ts';

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

const consequences = {
  main: text('Another free port is taken and printed; --port chooses one.', 'Outra porta livre é usada e mostrada; --port escolhe uma.'),
  ollama: text(
    'It stays closed, and Ollama’s clients need our address to be given.',
    'Ela fica fechada, e os clientes do Ollama precisam do nosso endereço.',
  ),
  link: text('Another free port is taken and stored.', 'Outra porta livre é usada e guardada.'),
};

async function checkPort(
  name: keyof typeof consequences,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Finding> {
  const address = `${host}:${port}`;
  if (port === 0 || (await isFree(host, port)))
    return { name: `port-${name}`, verdict: 'ok', message: text(`${address} is free`, `${address} está livre`), fix: text('', '') };
  return {
    name: `port-${name}`,
    verdict: 'warning',
    message: text(`${address} is taken by another program.`, `${address} está ocupada por outro programa.`),
    fix: consequences[name],
  };
}

/** Whether the ports of the configuration are free. Only meaningful while nothing of ours runs. */
export function checkPorts({ main, ollama, link }: Config['listeners']): Promise<readonly Finding[]> {
  return Promise.all([checkPort('main', main), ...(ollama.enabled ? [checkPort('ollama', ollama)] : []), checkPort('link', link)]);
}
