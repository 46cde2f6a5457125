import type { Config } from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import type { Certificates } from '../../nodes/certificates.ts';
import { createCertificateFiles } from './certificate-files.ts';
import { createInternalCertificate } from './internal-certificate.ts';
import { listenerNames } from './listener-names.ts';
import { type CertificateMaker, openServerCertificate, type ServerCertificate } from './server-certificate.ts';

export interface ListenerCertificatesDeps {
  readonly certificates: Certificates;
  readonly listeners: Config['listeners'];
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: Logger;
}

type Tls = Config['listeners']['main']['tls'];
type Owner = 'main' | 'ollama' | 'registry';

/** The certificates that the listeners show: one for each way to get one. */
export interface ListenerCertificates {
  of(tls: Tls): ServerCertificate | undefined;
  /** Each with the listeners that show it. */
  list(): readonly { readonly certificate: ServerCertificate; readonly owners: readonly Owner[] }[];
  /** Names and addresses under which the listeners answer, now. */
  names(): readonly string[];
  /** Throws what the first that failed throws, after all were tried. */
  renew(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

/** Opens what the configuration asks for. Throws `config_invalid`. */
export async function openListenerCertificates(deps: ListenerCertificatesDeps): Promise<ListenerCertificates> {
  const { certificates, listeners, folder, clock, log } = deps;
  const { main, ollama, registry, tls, allowedHosts } = listeners;
  const shown = Object.entries({ main: { ...main, enabled: true }, ollama, registry }).filter(([, { enabled }]) => enabled);
  const owners = shown.map(([owner, { tls: way }]) => [owner as Owner, way] as const);
  const ownNames = () =>
    listenerNames(
      shown.map(([, { host }]) => host),
      allowedHosts,
    );
  const internal = createInternalCertificate({ certificates, names: ownNames });

  const toMaker = async (kind: Exclude<Tls, 'off'>): Promise<CertificateMaker> => {
    if (kind === 'internal') return internal;
    if (kind === 'files') return createCertificateFiles(tls);
    const { createAcmeCertificate } = await import('./acme-certificate.ts'); // seldom needed, and large
    return createAcmeCertificate({ settings: tls.acme, folder, meanwhile: internal, clock, log });
  };
  const opened = new Map<Tls, ServerCertificate>();
  for (const kind of new Set(owners.map(([, kind]) => kind)))
    if (kind !== 'off') opened.set(kind, await openServerCertificate(await toMaker(kind), { clock, log }));

  return {
    of: (kind) => opened.get(kind),
    list: () =>
      [...opened].map(([kind, certificate]) => ({ certificate, owners: owners.filter(([, tls]) => tls === kind).map(([owner]) => owner) })),
    names: () => [...ownNames(), ...[...opened.values()].flatMap((certificate) => certificate.names())],
    async renew() {
      const results = await Promise.allSettled([...opened.values()].map((certificate) => certificate.renew()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    run: async (signal) => void (await Promise.all([...opened.values()].map((certificate) => certificate.run(signal)))),
  };
}
