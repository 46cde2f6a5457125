import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ClusterError } from '@cluster-ai/contracts';
import { type DataFolder, fingerprintOf } from '@cluster-ai/runtime';
import { z } from 'zod';

const patienceMs = 10_000;

/** Where the certificate of a cluster's authority lies on its own machine. */
export const authorityFile = (folder: DataFolder) => join(folder.secrets, 'ca.crt');

const identityShape = z.object({ certificateAuthority: z.string() });

/** What this machine knows from its own cluster, or from the one that it joined. */
function findKnownAuthorities(folder: DataFolder): readonly string[] {
  const own = existsSync(authorityFile(folder)) ? [readFileSync(authorityFile(folder), 'utf8')] : [];
  const identity = join(folder.agent, 'identity.json');
  if (!existsSync(identity)) return own;
  const joined = identityShape.safeParse(JSON.parse(readFileSync(identity, 'utf8')));
  return joined.success ? [...own, joined.data.certificateAuthority] : own;
}

function* chainOf(certificate: DetailedPeerCertificate): Generator<X509Certificate> {
  const seen = new Set<string>();
  for (let link = certificate; link?.raw && !seen.has(link.fingerprint256); link = link.issuerCertificate) {
    seen.add(link.fingerprint256);
    yield new X509Certificate(link.raw);
  }
}

function toMismatch(baseUrl: string): ClusterError {
  return new ClusterError(
    'certificate_authority_mismatch',
    `No certificate at ${baseUrl} comes from the authority with this fingerprint.`,
    {
      hint: 'Nothing was sent. Compare it with what "cluster-ai trust" says on the control plane’s machine.',
    },
  );
}

/** The authority with this fingerprint, as the cluster shows it. Nothing is sent to it before it is known. */
function fetchAuthority(baseUrl: string, fingerprint: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false, timeout: patienceMs }, () => {
      const pinned = [...chainOf(socket.getPeerCertificate(true))].find(
        (certificate) => certificate.ca && fingerprintOf(certificate.publicKey) === fingerprint,
      );
      socket.destroy();
      if (pinned) resolve(pinned.toString());
      else reject(toMismatch(baseUrl));
    });
    socket.once('timeout', () => socket.destroy(new Error('timeout')));
    socket.once('error', (cause) =>
      reject(new ClusterError('not_running', `Nothing that speaks TLS answers at ${baseUrl}.`, { hint: 'Check the address.', cause })),
    );
  });
}

/** Codes by which OpenSSL and Node say that they do not trust what they see. */
const untrusted =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA)/;

function toTrustError(baseUrl: string, cause: unknown): ClusterError | undefined {
  const { code = '' } = (cause as { cause?: { code?: string } }).cause ?? {};
  if (!untrusted.test(code)) return undefined;
  return new ClusterError('certificate_refused', `The certificate at ${baseUrl} is not one that this machine trusts (${code}).`, {
    hint: 'Name the cluster’s authority: --ca-fingerprint FINGERPRINT, which "cluster-ai trust" shows on the control plane’s machine.',
    cause,
  });
}

export interface Trust {
  readonly baseUrl: string;
  readonly folder: DataFolder;
  /** Trust this authority and no other. */
  readonly fingerprint: string | undefined;
}

async function setTrust({ baseUrl, folder, fingerprint }: Trust): Promise<void> {
  if (!baseUrl.startsWith('https:')) return;
  if (fingerprint !== undefined) setDefaultCACertificates([await fetchAuthority(baseUrl, fingerprint)]);
  else setDefaultCACertificates([...getCACertificates('default'), ...findKnownAuthorities(folder)]);
}

/** Trusts the cluster's own authority, known from this machine's data folder or by its fingerprint, for this process. */
export function createTrustingFetch(trust: Trust): typeof globalThis.fetch {
  let isSet: Promise<void> | undefined;
  return async (...request) => {
    isSet ??= setTrust(trust);
    await isSet;
    return globalThis.fetch(...request).catch((error: unknown) => {
      throw toTrustError(trust.baseUrl, error) ?? error;
    });
  };
}
