import type { JoinTokenRecord, NodeRecord, NodeRecords } from './node-record.ts';

/** Records that are gone with the process, for tests and demos. */
export function createMemoryNodeRecords(): NodeRecords {
  const nodes = new Map<string, NodeRecord>();
  const tokens = new Map<string, JoinTokenRecord>();
  return {
    list: async () => [...nodes.values()],
    addToken: async (token) => void tokens.set(token.id, token),
    async redeemToken(tokenId, usedAt, accept) {
      const token = tokens.get(tokenId);
      const node = accept(token);
      if (token) tokens.set(tokenId, { ...token, usedAt });
      nodes.set(node.id, node);
      return node;
    },
    async renewCertificate(nodeId, certificateSerial, certificateExpiresAt) {
      const node = nodes.get(nodeId);
      if (node) nodes.set(nodeId, { ...node, certificateSerial, certificateExpiresAt });
      return node !== undefined;
    },
    async saveSeen(nodeId, lastSeenAt, facts) {
      const node = nodes.get(nodeId);
      if (node) nodes.set(nodeId, { ...node, lastSeenAt, facts });
    },
    async approve(nodeId, approvedAt) {
      const node = nodes.get(nodeId);
      if (node) nodes.set(nodeId, { ...node, approvedAt: node.approvedAt ?? approvedAt });
      return node !== undefined;
    },
    remove: async (nodeId) => nodes.delete(nodeId),
  };
}
