import { performServerHandshake } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { ClusterError, type JoinAnswer, joinRequestShape } from '@cluster-ai/contracts';
import { answerJson, type Clock, joinSession, type Logger, newId, readJson, toStreamListener } from '@cluster-ai/runtime';
import { describeAct } from '../access/audit/act.ts';
import type { Acts } from '../access/audit/acts.ts';
import { createAddressLimit } from './address-limit.ts';
import type { Certificates } from './certificates.ts';
import { checkJoinToken, readJoinToken } from './join-tokens.ts';
import type { NodeRecord, NodeRecords } from './node-record.ts';
import { toNodeName } from './to-node-name.ts';

const minuteMs = 60_000;
/** One exchange takes milliseconds; whoever needs longer is not joining. */
const longestVisitMs = 15_000;

export interface JoinDoorDeps {
  readonly certificates: Certificates;
  readonly records: NodeRecords;
  readonly clusterName: string;
  readonly attemptsPerMinute: number;
  /** `manual`: whoever joins waits for somebody's approval; this machine's own agent does not. */
  readonly approval: 'auto' | 'manual';
  readonly takenNames: () => readonly string[];
  readonly onJoined: (node: NodeRecord) => void;
  readonly acts: Acts;
  readonly clock: Clock;
  readonly log: Logger;
}

/** `cai-join`: a token and a certificate request for a certificate. The caller is a stranger until the token was found right. */
export function createJoinDoor(deps: JoinDoorDeps): (socket: TLSSocket) => void {
  const { certificates, records, clusterName, attemptsPerMinute, approval, takenNames, onJoined, acts, clock, log } = deps;
  const limit = createAddressLimit(attemptsPerMinute, minuteMs);

  /** As an act of a machine that nobody knows yet: the node and its line in the record are one transaction. */
  const joinAs = (address: string, body: unknown): Promise<JoinAnswer> => {
    const stranger = { kind: 'node', id: '', name: '', role: '' } as const;
    return acts.run({ actor: stranger, address, action: 'node.joined', requestId: '', target: '' }, () => join(body));
  };

  const join = async (body: unknown): Promise<JoinAnswer> => {
    const request = joinRequestShape.safeParse(body);
    if (!request.success) throw new ClusterError('invalid_request', 'The join request has not the shape that this version expects.');
    const token = readJoinToken(request.data.token, certificates.fingerprint);
    const nodeId = newId('node', clock.now());
    const issued = await certificates.issueForNode(request.data.certificateRequest, nodeId);
    const joinedAt = clock.now();
    const node = await records.redeemToken(token.id, joinedAt, (record) => {
      const { name, isLocal } = checkJoinToken(token, record, joinedAt);
      const nodeName = toNodeName(name || request.data.name, takenNames());
      describeAct({ target: nodeId, details: { name: nodeName, token: token.id, certificate: issued.serial } });
      return {
        id: nodeId,
        name: nodeName,
        joinedAt,
        isLocal,
        approvedAt: isLocal || approval === 'auto' ? joinedAt : null,
        certificateSerial: issued.serial,
        certificateExpiresAt: issued.expiresAtMs,
        lastSeenAt: null,
        facts: { agentVersion: request.data.agentVersion, hardware: null },
      };
    });
    onJoined(node);
    return { nodeId, clusterName, certificate: issued.certificate, certificateAuthority: certificates.authority };
  };

  return (socket) => {
    const address = socket.remoteAddress ?? '';
    const session = performServerHandshake(socket, joinSession);
    session.on('error', () => {});
    session.setTimeout(longestVisitMs, () => session.destroy());
    const listener = toStreamListener(
      async ({ stream, method, path }) => {
        if (method !== 'POST' || path !== '/join') throw new ClusterError('unknown_route', 'Here one can only POST /join.');
        if (!limit.allow(address, clock.now()))
          throw new ClusterError('too_many_requests', 'Too many attempts to join from this address.', {
            hint: 'Wait a minute and try again.',
            retryAfterSeconds: 60,
          });
        try {
          answerJson(stream, 200, await joinAs(address, await readJson(stream, 16 * 1024)));
        } catch (error) {
          log.warn({ address, error: error instanceof Error ? error.message : String(error) }, 'A join was refused');
          throw error;
        }
      },
      (error) => log.error({ err: error }, 'A join failed on our side'),
    );
    session.on('stream', listener);
  };
}
