import { ClusterError } from '@cluster-ai/contracts';
import type { DataFolder, Logger } from '@cluster-ai/runtime';
import type { LinkListener } from './link-listener.ts';
import { loadPlaces, savePlaces } from './listen-places.ts';

export interface LinkAddress {
  readonly host: string;
  readonly port: number;
  /** Somebody named this port: when it is taken that is an error, and not a reason to move. */
  readonly isPortChosen?: boolean;
}

export interface ListeningDeps {
  readonly listener: LinkListener;
  readonly folder: DataFolder;
  readonly config: LinkAddress;
  readonly log: Logger;
}

/** Where the link listens, now and after a restart. */
export interface Listening {
  readonly port: number;
  hosts(): readonly string[];
  /** Opens the port on one more address of this machine. Throws `port_taken` or `listen_refused`. */
  openOn(host: string): Promise<void>;
  /** Makes a fresh server certificate for all of these addresses. */
  announce(): Promise<void>;
}

export function toAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function listenFirst({ listener, folder, config, log }: ListeningDeps): Promise<number> {
  if (config.isPortChosen === true && config.port !== 0) return listener.listen(config.host, config.port);
  const stored = loadPlaces(folder)?.port; // machines that joined dial the same port after a restart
  for (const port of stored === undefined ? [config.port] : [stored, config.port]) {
    try {
      return await listener.listen(config.host, port);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 'port_taken') throw error;
      log.warn({ port }, 'The port where nodes dial is taken; another one is used');
    }
  }
  return listener.listen(config.host, 0);
}

/** Opens the link port where it was open before. Throws `port_taken` or `listen_refused` for the first address only. */
export async function startListening(deps: ListeningDeps): Promise<Listening> {
  const { listener, folder, config, log } = deps;
  const port = await listenFirst(deps);
  let outside: readonly string[] = loadPlaces(folder)?.hosts ?? [];
  const hosts = () => [config.host, ...outside];
  savePlaces(folder, { port, hosts: [...outside] });
  for (const host of outside)
    await listener.listen(host, port).catch((error: unknown) => {
      log.warn({ host, port, error: String(error) }, 'The link port could not be opened to other machines again');
    });
  await listener.announce(hosts());
  return {
    port,
    hosts,
    announce: () => listener.announce(hosts()),
    async openOn(host) {
      if (hosts().includes(host)) return;
      await listener.listen(host, port);
      outside = [...outside, host];
      savePlaces(folder, { port, hosts: [...outside] });
      await listener.announce(hosts());
      log.info({ host, port }, 'The link port was opened to other machines');
    },
  };
}
