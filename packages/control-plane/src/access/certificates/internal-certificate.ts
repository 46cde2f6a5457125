import type { Certificates } from '../../nodes/certificates.ts';
import { type CertificateMaker, isTwoThirdsOver, namesOf } from './server-certificate.ts';

const hourMs = 60 * 60_000;

export interface InternalCertificateDeps {
  readonly certificates: Certificates;
  /** Host names and addresses under which the listeners are reached, asked anew each time: addresses change. */
  readonly names: () => readonly string[];
}

/** Certificates of the cluster's own authority. */
export function createInternalCertificate({ certificates, names }: InternalCertificateDeps): CertificateMaker {
  const issue = async () => {
    const { key, certificate } = await certificates.issueForListener(names());
    return { key, certificate: certificate + certificates.authority };
  };
  return {
    source: 'internal',
    checkEveryMs: hourMs,
    first: issue,
    renew: issue,
    async isDue(current, nowMs) {
      const has = namesOf(current);
      return isTwoThirdsOver(current, nowMs) || names().some((name) => !has.includes(name));
    },
  };
}
