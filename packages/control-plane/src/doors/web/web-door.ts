import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, installedProgram } from '@cluster-ai/contracts';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';

const isPublic = { permission: 'public', why: 'The page itself holds nothing; all that it shows comes through the API.' } as const;

export interface WebDoorOptions {
  readonly folder: string;
  /** How people start this program here: what the page tells them to type. */
  readonly program?: string | undefined;
}

/** Where the page reads how the program is started; it is built with the name of the installed one. */
const programLine = (program: string) => `<meta name="cluster-ai-program" content="${program}"`;

/** The web UI under `/ui`: built files as they are, and its one page for every address that is no file. */
export function webDoor({ folder, program = installedProgram }: WebDoorOptions): FastifyPluginAsync {
  const page = join(folder, 'index.html');
  const sendPage = async (reply: FastifyReply) => {
    if (!existsSync(page))
      throw new ClusterError('unknown_route', 'The web UI is not built.', {
        hint: 'Start with `npm start`, which builds it, or run `npm run build`.',
      });
    const text = (await readFile(page, 'utf8')).replace(programLine(installedProgram), programLine(program));
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(text);
  };
  return async (app) => {
    await app.register(fastifyStatic, { root: folder, serve: false });
    app.get('/ui', { config: isPublic }, async (_request, reply) => reply.redirect('/ui/'));
    app.get<{ Params: { '*': string } }>('/ui/*', { config: isPublic }, async (request, reply) => {
      const path = request.params['*'];
      if (!/\.[a-z0-9]{2,5}$/i.test(path)) return sendPage(reply);
      // names of built files carry a hash of their content, so a browser may keep them
      if (path.startsWith('assets/'))
        return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(path, folder, { cacheControl: false });
      return reply.header('cache-control', 'no-cache').sendFile(path, folder, { cacheControl: false });
    });
  };
}
