import { X509Certificate } from 'node:crypto';
import { type Certificate, type Condition, type Node, toCondition } from '@cluster-ai/contracts';
import { fingerprintOf } from '@cluster-ai/runtime';
import type { ListenerCertificates } from './open-listener-certificate.ts';
import { judgeCertificate, namesOf } from './server-certificate.ts';

export interface CertificatesView {
  readonly clusterName: string;
  /** PEM. */
  readonly authority: string;
  readonly listeners: ReturnType<ListenerCertificates['list']>;
  readonly nodes: readonly Node[];
  readonly nowMs: number;
}

type Rest = Omit<Certificate, 'subject' | 'names' | 'serial' | 'validFrom' | 'expiresAt' | 'fingerprint'>;

const describe = (certificate: X509Certificate, rest: Rest): Certificate => ({
  ...rest,
  subject: certificate.subject,
  names: [...namesOf(certificate)],
  serial: certificate.serialNumber,
  validFrom: certificate.validFromDate.toISOString(),
  expiresAt: certificate.validToDate.toISOString(),
  fingerprint: fingerprintOf(certificate.publicKey),
});

/** A node that was asleep when its certificate ended renews it by itself when it wakes. */
function judgeNode({ certificateExpiresAt }: Node, nowMs: number): Condition {
  const isOver = certificateExpiresAt !== null && Date.parse(certificateExpiresAt) <= nowMs;
  if (!isOver) return toCondition('ready', 'certificate_valid', nowMs);
  return toCondition('failed', 'certificate_expired', nowMs, { hint: 'The node renews it by itself as soon as it connects.' });
}

const describeNode = (node: Node, nowMs: number): Certificate => ({
  purpose: 'node',
  source: 'internal',
  owner: node.name,
  nodeId: node.id,
  subject: `CN=${node.id}`,
  names: [],
  serial: node.certificateSerial ?? '',
  validFrom: null,
  expiresAt: node.certificateExpiresAt ?? new Date(0).toISOString(),
  fingerprint: '',
  condition: judgeNode(node, nowMs),
});

/** Every certificate of the cluster: its authority's, its listeners', its nodes'. */
export function describeCertificates({ clusterName, authority, listeners, nodes, nowMs }: CertificatesView): readonly Certificate[] {
  const own = new X509Certificate(authority);
  return [
    describe(own, { purpose: 'authority', source: 'internal', owner: clusterName, nodeId: null, condition: judgeCertificate(own, nowMs) }),
    ...listeners.map(({ certificate, owners }) =>
      describe(certificate.details(), {
        purpose: 'listener',
        source: certificate.source,
        owner: owners.join(', '),
        nodeId: null,
        condition: certificate.condition(),
      }),
    ),
    ...nodes.map((node) => describeNode(node, nowMs)),
  ];
}
