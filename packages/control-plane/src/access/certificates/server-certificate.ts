import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ClusterError, type Condition, type certificateSources, isSameCondition, toCondition } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { canonicalName } from '../../listeners/allowed-hosts.ts';

/** In PEM; the certificate with whatever a client needs to reach the one that it trusts. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
  /** Shown only until the one that was asked for is there. */
  readonly isStandIn?: boolean;
}

export type CertificateSource = (typeof certificateSources)[number];

/** One way to get a server certificate. */
export interface CertificateMaker {
  readonly source: CertificateSource;
  /** How often to ask whether it is time. */
  readonly checkEveryMs: number;
  /** Something to begin with, without waiting for anybody else. Throws `config_invalid`. */
  first(): Promise<KeyAndCertificate>;
  isDue(current: X509Certificate, nowMs: number): Promise<boolean>;
  /** Throws when none can be had; the one that is in use stays. */
  renew(): Promise<KeyAndCertificate>;
}

/** The certificate that listeners show now. It is replaced while they serve. */
export interface ServerCertificate {
  readonly source: CertificateSource;
  current(): KeyAndCertificate;
  /** Of the certificate that clients see. */
  details(): X509Certificate;
  /** Host names and addresses that it is for. */
  names(): readonly string[];
  /** Whether browsers may know who vouches for it: neither we nor the certificate itself does. */
  isKnownOutside(): boolean;
  condition(): Condition;
  onChange(listener: () => void): void;
  /** Now, whether it is due or not. Throws what the maker throws. */
  renew(): Promise<void>;
  /** Renews when it is due, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;
/** All of ours are renewed long before; one that is this close to its end has a problem. */
const endsSoonMs = 3 * dayMs;

/** Renewing at two thirds leaves a third for trying again. */
export function isTwoThirdsOver(certificate: X509Certificate, nowMs: number): boolean {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return nowMs >= from + ((to - from) * 2) / 3;
}

/** Host names and addresses of a certificate. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const entries = certificate.subjectAltName?.split(', ') ?? [];
  return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []).map(canonicalName);
}

/** Throws `config_invalid` unless both can be read, belong together, and a TLS server would take them. */
export function checkPair({ key, certificate }: KeyAndCertificate, what: string): X509Certificate {
  try {
    createSecureContext({ key, cert: certificate }); // it also compares the two
    return new X509Certificate(certificate);
  } catch (cause) {
    throw new ClusterError('config_invalid', `${what} is not a certificate in PEM with the key that belongs to it.`, {
      hint: 'The certificate comes first in its file, then the chain; the key has no password.',
      cause,
    });
  }
}

function judge(certificate: X509Certificate, hasFailed: boolean, nowMs: number): Condition {
  const leftMs = certificate.validToDate.getTime() - nowMs;
  if (leftMs <= 0) return toCondition('failed', 'certificate_expired', nowMs);
  if (leftMs < Math.min(endsSoonMs, (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 3))
    return toCondition('degraded', 'certificate_ends_soon', nowMs);
  if (hasFailed) return toCondition('degraded', 'certificate_not_renewed', nowMs);
  return toCondition('ready', 'certificate_valid', nowMs);
}

/** How a certificate that is not renewed here is: a node's, the authority's. */
export const judgeCertificate = (certificate: X509Certificate, nowMs: number): Condition => judge(certificate, false, nowMs);

/** Opens the certificate that listeners show. Throws `config_invalid`. */
export async function openServerCertificate(
  maker: CertificateMaker,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<ServerCertificate> {
  let current = await maker.first();
  let details = checkPair(current, 'What the listeners should show');
  let names = namesOf(details);
  let hasFailed = false;
  let condition = judge(details, hasFailed, clock.now());
  let renewing: Promise<void> | undefined;
  const listeners: (() => void)[] = [];

  const take = (next: KeyAndCertificate) => {
    details = checkPair(next, 'The new certificate');
    current = next;
    names = namesOf(details);
    for (const listener of listeners) listener();
    log.info({ source: maker.source, expiresAt: details.validToDate.toISOString() }, 'The certificate of the listeners was renewed');
  };
  /** Two that want it at once get the same one. */
  const renew = () => {
    renewing ??= maker
      .renew()
      .then(take)
      .then(
        () => {
          hasFailed = false;
        },
        (error: unknown) => {
          hasFailed = true;
          throw error;
        },
      )
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };
  const renewWhenDue = async () => {
    if (await maker.isDue(details, clock.now())) await renew();
  };

  return {
    source: maker.source,
    current: () => current,
    details: () => details,
    names: () => names,
    isKnownOutside: () => maker.source !== 'internal' && current.isStandIn !== true && !details.checkIssued(details),
    condition() {
      const next = judge(details, hasFailed, clock.now());
      if (!isSameCondition(next, condition)) condition = next;
      return condition;
    },
    onChange: (listener) => void listeners.push(listener),
    renew,
    async run(signal) {
      while (!signal.aborted) {
        await renewWhenDue().catch((error: unknown) => {
          log.error({ err: error, source: maker.source }, 'The certificate of the listeners could not be renewed');
        });
        await clock.sleep(maker.checkEveryMs, signal).catch(() => {});
      }
    },
  };
}
