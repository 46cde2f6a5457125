import { timingSafeEqual } from 'node:crypto';
import type { ReplicaReport } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import type { Certificates } from './certificates.ts';

type Copy = Pick<ReplicaReport, 'replicaId' | 'digest'>;

/**
 * Names of copies that carry the proof of their order: that one was ordered on that node, of those weights. So a control plane that has just
 * started, or another one, tells what was ordered from what an agent makes up, and nobody has to remember it.
 */
export interface ReplicaNames {
  make(nodeId: string, digest: string, nowMs: number): string;
  isProven(nodeId: string, copy: Copy): boolean;
}

/** 64 bits: each guess is a report that is refused and told. */
const PROOF_DIGITS = 16;

export function createReplicaNames({ proofOf }: Pick<Certificates, 'proofOf'>): ReplicaNames {
  const toProof = (id: string, nodeId: string, digest: string) =>
    proofOf(`replica ${id} ${nodeId} ${digest}`).toString('hex').slice(0, PROOF_DIGITS);
  return {
    make(nodeId, digest, nowMs) {
      const id = newId('replica', nowMs);
      return `${id}_${toProof(id, nodeId, digest)}`;
    },
    isProven(nodeId, { replicaId, digest }) {
      const [, id = '', proof = ''] = /^(replica_[0-9a-z]{1,40})_([0-9a-f]{16})$/.exec(replicaId) ?? [];
      return proof !== '' && timingSafeEqual(Buffer.from(proof), Buffer.from(toProof(id, nodeId, digest)));
    },
  };
}
