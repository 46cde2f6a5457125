import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Compute } from '../../compute/compute.ts';
import { fetchPage } from './fetch-page.ts';
import { acceptUpgrades, tunnel, upgradeOf } from './web-sockets.ts';

/** Below which Dask has its pages; passed on as it is, since they refer to themselves by it. */
const PREFIX = '/dask';

export interface DaskDoorDependencies {
  readonly compute: Pick<Compute, 'dashboard'>;
}

/**
 * Dask's pages draw what tasks and workers are called, and those names come from others. So they may open no window, frame or form, and
 * reach nothing but themselves: not our API, which a script on this host could otherwise use as whoever looks.
 */
function policyFor({ headers }: FastifyRequest): string {
  const here = ['http', 'https', 'ws', 'wss'].map((scheme) => `${scheme}://${headers.host ?? 'localhost'}${PREFIX}/`).join(' ');
  return [
    "default-src 'none'",
    `script-src ${here} 'unsafe-inline'`,
    `style-src ${here} 'unsafe-inline'`,
    `img-src ${here} data: blob:`,
    `font-src ${here} data:`,
    `connect-src ${here}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    'sandbox allow-scripts allow-same-origin allow-downloads',
  ].join('; ');
}

/** Dask's own pages behind our login. Where they are is never the caller's choice. */
export function daskDoor({ compute }: DaskDoorDependencies): FastifyPluginAsync {
  return async (app) => {
    acceptUpgrades(app, `${PREFIX}/`);
    // Dask shows call stacks and arguments of everybody's tasks
    const config = { permission: 'compute:manage' } as const;
    app.get(PREFIX, { config }, async (_request, reply) => reply.redirect(`${PREFIX}/status`));
    app.get(`${PREFIX}/*`, { config }, async (request, reply) => {
      const dashboard = compute.dashboard();
      if (dashboard === undefined)
        throw new ClusterError('compute_unavailable', phrase('no_dashboard'), { hint: phrase('see_compute_status') });
      if (upgradeOf(request) !== undefined) return tunnel(request, reply, dashboard);
      const page = await fetchPage(request, dashboard);
      void reply.code(page.status).headers({ ...page.headers, 'content-security-policy': policyFor(request), 'cache-control': 'no-store' });
      return reply.send(page.body);
    });
  };
}
