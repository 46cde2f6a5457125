import { hardwareFactsShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { Database } from '../stores/database.ts';
import type { JoinTokenRow, NodeRow } from '../stores/tables.ts';
import type { JoinTokenRecord, NodeFacts, NodeRecord, NodeRecords } from './node-record.ts';

const factsShape = z.object({ agentVersion: z.string(), hardware: hardwareFactsShape.nullable() });
/** Tokens that ended this long ago are forgotten: until then their owner is told what became of them. */
const keepTokensMs = 30 * 24 * 60 * 60_000;

/** Facts of an older version of the program may not fit; the agent sends new ones when it connects. */
function readFacts(text: string): NodeFacts {
  const facts = factsShape.safeParse(JSON.parse(text));
  return facts.success ? facts.data : { agentVersion: '', hardware: null };
}

const toRecord = (row: NodeRow): NodeRecord => ({
  id: row.id,
  name: row.name,
  joinedAt: row.joined_at,
  isLocal: row.is_local === 1,
  approvedAt: row.approved_at,
  certificateSerial: row.certificate_serial,
  certificateExpiresAt: row.certificate_expires_at,
  lastSeenAt: row.last_seen_at,
  facts: readFacts(row.facts_json),
});

const toRow = (node: NodeRecord): NodeRow => ({
  id: node.id,
  name: node.name,
  joined_at: node.joinedAt,
  certificate_serial: node.certificateSerial,
  certificate_expires_at: node.certificateExpiresAt,
  last_seen_at: node.lastSeenAt,
  removed_at: null,
  approved_at: node.approvedAt,
  is_local: node.isLocal ? 1 : 0,
  facts_json: JSON.stringify(node.facts),
  revision: 1,
});

const toToken = (row: JoinTokenRow): JoinTokenRecord => ({
  id: row.id,
  secretHash: row.secret_hash,
  name: row.name,
  isLocal: row.is_local === 1,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  usedAt: row.used_at,
});

/** Nodes and join tokens in the cluster's database. */
export function createNodeRecords(database: Database): NodeRecords {
  return {
    async list() {
      const rows = await database.query.selectFrom('nodes').selectAll().where('removed_at', 'is', null).orderBy('joined_at').execute();
      return rows.map(toRecord);
    },
    addToken: (token) =>
      database.transaction(async (query) => {
        await query
          .deleteFrom('join_tokens')
          .where('expires_at', '<', token.createdAt - keepTokensMs)
          .execute();
        await query
          .insertInto('join_tokens')
          .values({
            id: token.id,
            secret_hash: token.secretHash,
            name: token.name,
            created_at: token.createdAt,
            expires_at: token.expiresAt,
            used_at: token.usedAt,
            node_id: null,
            is_local: token.isLocal ? 1 : 0,
          })
          .execute();
      }),
    redeemToken: (tokenId, usedAt, accept) =>
      database.transaction(async (query) => {
        const find = () => query.selectFrom('join_tokens').selectAll().where('id', '=', tokenId).executeTakeFirst();
        const found = await find();
        const node = accept(found && toToken(found));
        const burnt = await query
          .updateTable('join_tokens')
          .set({ used_at: usedAt, node_id: node.id })
          .where('id', '=', tokenId)
          .where('used_at', 'is', null)
          .executeTakeFirst();
        if (burnt.numUpdatedRows === 0n) {
          const now = await find(); // somebody else was a moment faster: judged again, this time as used
          return accept(now && toToken(now));
        }
        await query.insertInto('nodes').values(toRow(node)).execute();
        return node;
      }),
    renewCertificate: (nodeId, serial, expiresAt) =>
      database.transaction(async (query) => {
        const changed = await query
          .updateTable('nodes')
          .set((row) => ({ certificate_serial: serial, certificate_expires_at: expiresAt, revision: row('revision', '+', 1) }))
          .where('id', '=', nodeId)
          .where('removed_at', 'is', null)
          .executeTakeFirst();
        return changed.numUpdatedRows > 0n;
      }),
    saveSeen: (nodeId, lastSeenAt, facts) =>
      database.transaction(
        async (query) => {
          await query
            .updateTable('nodes')
            .set((row) => ({ last_seen_at: lastSeenAt, facts_json: JSON.stringify(facts), revision: row('revision', '+', 1) }))
            .where('id', '=', nodeId)
            .execute();
        },
        { durability: 'normal' },
      ),
    approve: (nodeId, approvedAt) =>
      database.transaction(async (query) => {
        const changed = await query
          .updateTable('nodes')
          .set((row) => ({ approved_at: row.fn.coalesce('approved_at', row.val(approvedAt)), revision: row('revision', '+', 1) }))
          .where('id', '=', nodeId)
          .where('removed_at', 'is', null)
          .executeTakeFirst();
        return changed.numUpdatedRows > 0n;
      }),
    remove: (nodeId, removedAt) =>
      database.transaction(async (query) => {
        const changed = await query
          .updateTable('nodes')
          .set((row) => ({ removed_at: removedAt, revision: row('revision', '+', 1) }))
          .where('id', '=', nodeId)
          .where('removed_at', 'is', null)
          .executeTakeFirst();
        return changed.numUpdatedRows > 0n;
      }),
  };
}
