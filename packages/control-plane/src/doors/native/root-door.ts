import type { FastifyPluginAsync } from 'fastify';

/** What Ollama answers here; its clients look for exactly this text before every command. */
const ollamaIsRunning = 'Ollama is running';

/** `/`: a browser is sent to the web UI, every other client gets Ollama's sign of life. */
export function rootDoor(): FastifyPluginAsync {
  return async (app) => {
    app.get(
      '/',
      { config: { permission: 'public', why: 'A sign of life that says nothing about the cluster.' } },
      async (request, reply) => {
        if (request.headers.accept?.includes('text/html')) return reply.redirect('/ui/');
        return reply.type('text/plain; charset=utf-8').send(ollamaIsRunning);
      },
    );
  };
}
