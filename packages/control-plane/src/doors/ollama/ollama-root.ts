import type { FastifyPluginAsync } from 'fastify';

/** Ollama's clients look for exactly this text before every command. */
const signOfLife = 'Ollama is running';

/** `/`: every client gets Ollama's sign of life; browsers are sent to the web UI where this listener has one. */
export function ollamaRoot({ hasWebUi }: { readonly hasWebUi: boolean }): FastifyPluginAsync {
  return async (app) => {
    app.get('/', { config: { permission: 'public', why: 'Says only that something runs here.' } }, async (request, reply) => {
      if (hasWebUi && request.headers.accept?.includes('text/html')) return reply.redirect('/ui/');
      return reply.type('text/plain; charset=utf-8').send(signOfLife);
    });
  };
}
