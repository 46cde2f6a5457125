import { z } from 'zod';
import { conditionShape } from './state.ts';

/** Shapes of certificates: of the cluster's own authority, of what listens, of each node. */

export const certificatePurposes = ['authority', 'listener', 'node'] as const;
export const certificateSources = ['internal', 'files', 'acme'] as const;

export const certificateShape = z
  .object({
    purpose: z.enum(certificatePurposes),
    source: z.enum(certificateSources).describe('Who made it: the cluster itself, whoever wrote the files, an ACME server.'),
    owner: z.string().describe('The listeners that show it, or the node’s name.'),
    nodeId: z.string().nullable(),
    subject: z.string(),
    names: z.array(z.string()).describe('Host names and addresses that it is for.'),
    serial: z.string(),
    validFrom: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime(),
    fingerprint: z.string().describe('SHA-256 of its public key, base64url; empty where the key is not known here.'),
    condition: conditionShape,
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof certificateShape>;
export const certificateListShape = z.object({ certificates: z.array(certificateShape) }).meta({ id: 'CertificateList' });
export type CertificateList = z.infer<typeof certificateListShape>;

/** What everybody may know before trusting anything: the certificate of the cluster's own authority. */
export const certificateAuthorityShape = z
  .object({
    certificate: z.string().describe('PEM.'),
    fingerprint: z.string().describe('SHA-256 of its public key, base64url: what `--ca-fingerprint` and join tokens carry.'),
  })
  .meta({ id: 'CertificateAuthority' });
export type CertificateAuthority = z.infer<typeof certificateAuthorityShape>;
