import { createPrivateKey, webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Clock } from '@cluster-ai/runtime';
import { algorithm, clientAuth, openAuthority, serverAuth } from '../../nodes/authority.ts';
import { loadX509 } from '../../nodes/x509.ts';

const hourMs = 60 * 60_000;
/** Of processes that run for long. Short enough that a stolen one is soon worth nothing, and renewed long before. */
export const lifeHours = 168;

/** What one process of Dask, or one client, proves itself with. All in PEM. */
export interface ComputeCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly expiresAtMs: number;
}

/**
 * The authority of the Dask cluster, apart from that of the nodes: Dask knows no roles, so whoever has any certificate of it may run
 * anything on every worker. It opens nothing else.
 */
export interface ComputeCertificates {
  /** PEM. */
  readonly authority: string;
  /** A fresh key and a certificate for it. `name` is for people who look at it. */
  mint(name: string, hours: number): Promise<ComputeCertificate>;
}

async function makeKey() {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { publicKey: keys.publicKey, pem };
}

/** Opens the authority that lies in a folder; makes it the first time. */
export async function openComputeCertificates(folder: string, clock: Pick<Clock, 'now'>): Promise<ComputeCertificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = await openAuthority(folder, 'compute', clock);
  return {
    authority: authority.certificate,
    async mint(name, hours) {
      const x509 = await loadX509();
      const { publicKey, pem } = await makeKey();
      const subject = `CN=${name.replace(/[^\w .-]/g, '_').slice(0, 60)}`;
      const { certificate, expiresAtMs } = await authority.issue(publicKey, hours * hourMs, subject, [
        new x509.ExtendedKeyUsageExtension([clientAuth, serverAuth]), // every process of Dask is both
      ]);
      return { authority: authority.certificate, certificate, key: pem, expiresAtMs };
    },
  };
}
