import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  agentPaths,
  ClusterError,
  type FoundFile,
  foundFileShape,
  hintOf,
  type Invitation,
  messageOf,
  phrase,
  replicaReportShape,
  sentencesOf,
} from '@cluster-ai/contracts';
import { type Clock, type DataFolder, type Logger, linkServerName } from '@cluster-ai/runtime';
import { z } from 'zod';
import { describeAct } from '../access/audit/act.ts';
import type { AuditPoint } from '../access/audit/audit.ts';
import type { EventBus } from '../observability/event-bus.ts';
import { createBlobDoor, type LocateBlob } from './blob-door.ts';
import type { Certificates, IssuedCertificate, NodeIdentity } from './certificates.ts';
import { createHearing } from './hear-nodes.ts';
import { createJoinDoor } from './join-door.ts';
import { makeJoinToken } from './join-tokens.ts';
import { noteOrder } from './keep-ordered.ts';
import { createLinkListener } from './link-listener.ts';
import { createNodeLinks } from './link-nodes.ts';
import { findOutsideAddress } from './listen-places.ts';
import { type LinkAddress, type Listening, startListening, toAddress } from './listening.ts';
import { type LiveNode, toLiveNode, toNode, whyNoWork } from './live-node.ts';
import { openNodeLink } from './node-link.ts';
import type { NodeRecord, NodeRecords } from './node-record.ts';
import type { LinkRequest, LinkResponse, Nodes, WorkerOrders } from './nodes.ts';
import { createSharedBlobs, createWorkerOrders } from './order-workers.ts';
import { readAnswer } from './read-answer.ts';
import { createReplicaNames } from './replica-names.ts';
import { createSoftwareSite, type SoftwarePackage, softwarePath } from './software-site.ts';
import { createChanges } from './tell-changes.ts';
import { createLivenessWatch, sweepEveryMs } from './watch-liveness.ts';
import { withDeadline } from './with-deadline.ts';

const saveSeenEveryMs = 30_000;
const foundWithinMs = 2000;
const localTokenSeconds = 600;
const joinsPerMinute = 30;
const renewServerCertificateEveryMs = 24 * 60 * 60_000;

export interface OpenNodesOptions {
  readonly folder: DataFolder;
  readonly certificates: Certificates;
  readonly config: LinkAddress;
  readonly records: NodeRecords;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where joins are recorded, and who was refused. */
  readonly audit: AuditPoint;
  readonly locateBlob: LocateBlob;
  /** The packed software for machines that have none; `undefined` when this installation has none to give. */
  readonly softwarePackage: SoftwarePackage;
  readonly clusterName: string;
  readonly version: string;
  readonly approval?: 'auto' | 'manual';
  /** Attempts to join that one address may make in a minute. */
  readonly joinsPerMinute?: number;
}

export interface OpenedNodes extends Nodes, WorkerOrders, AsyncDisposable {
  /** host:port for agents on this machine. */
  address(): string;
  /** A one-use token for this machine's own agent; `undefined` when that has joined before. */
  localInvitation(): Promise<{ readonly address: string; readonly token: string } | undefined>;
  /** More than half of the nodes went silent together: whoever moves work should wait. */
  isSuspectingItself(): boolean;
}

type LiveNodes = Map<string, LiveNode>;

async function loadNodes({ records, clock }: OpenNodesOptions): Promise<LiveNodes> {
  const list = await records.list();
  return new Map(list.map((record) => [record.id, toLiveNode(record, clock.now(), clock.monotonic())]));
}

const toUnknown = (id: string) =>
  new ClusterError('node_not_found', phrase('node_unknown', { id: id.slice(0, 80) }), { hint: phrase('node_list_shows') });

function getLive(nodes: LiveNodes, id: string): LiveNode {
  const node = nodes.get(id);
  if (node) return node;
  throw toUnknown(id);
}

/** A node that was off when its certificate ended may renew, and nothing else, with the newest that it was given. */
function isWelcome(node: LiveNode, { serial, isExpired }: NodeIdentity, protocol: 'cai-link' | 'cai-blob'): boolean {
  return !isExpired || (protocol === 'cai-blob' && serial === node.record.certificateSerial);
}

function toInvitation(address: string, token: string, expiresAtMs: number, serverPin: string): Invitation {
  const fetched = `curl -fsSk --pinnedpubkey '${serverPin}' -o cluster-ai.tgz https://${address}${softwarePath}`;
  return {
    address,
    token,
    expiresAt: new Date(expiresAtMs).toISOString(),
    command: `cluster-ai join ${address} --token ${token}`,
    installCommand: `${fetched} && npm install --global ./cluster-ai.tgz`,
  };
}

const foundAnswerShape = z.object({ files: z.array(foundFileShape.omit({ node: true, nodeId: true, registeredAs: true })).max(5000) });

/** Opens the link port and begins to watch over the nodes. Throws `port_taken` or `listen_refused`. */
export async function openNodes(options: OpenNodesOptions, signal: AbortSignal): Promise<OpenedNodes> {
  const { folder, certificates, config, records, clock, log } = options;
  const ending = new AbortController();
  const running = AbortSignal.any([signal, ending.signal]);
  const nodes = await loadNodes(options);
  const changes = createChanges(options.events);
  const shared = createSharedBlobs();
  const liveness = createLivenessWatch({ nodes, clock, log, onChanged: changes.tellNode });
  const names = createReplicaNames(certificates);
  const hearing = createHearing({ ...options, changes, names, onRecovery: liveness.sweep });
  const links = createNodeLinks({ ...hearing, onLinkChange: liveness.sweep, clock, log, signal: running });
  const listener = await createLinkListener({
    certificates,
    onJoin: createJoinDoor({
      ...options,
      acts: options.audit.acts,
      attemptsPerMinute: options.joinsPerMinute ?? joinsPerMinute,
      approval: options.approval ?? 'auto',
      takenNames: () => [...nodes.values()].map((node) => node.record.name),
      onJoined,
    }),
    onNode,
    site: createSoftwareSite({ ...options, hosts: () => ['localhost', linkServerName, ...listening.hosts()] }),
    log,
  });
  const blobDoor = createBlobDoor({
    ...options,
    isMeantFor(nodeId, digest) {
      const node = nodes.get(nodeId);
      if (node === undefined || whyNoWork(node) !== undefined) return false;
      return node.orderedBlobs.has(digest) || (node.hasWorker && shared.has(digest));
    },
    onRenewed,
  });
  const listening: Listening = await startListening({ listener, folder, config, log }).catch(async (error: unknown) => {
    await listener[Symbol.asyncDispose]();
    throw error;
  });

  function onJoined(record: NodeRecord): void {
    const node = toLiveNode(record, clock.now(), clock.monotonic());
    nodes.set(record.id, node);
    log.info({ node: record.name, nodeId: record.id }, 'A machine joined');
    changes.tellNode(node);
  }

  async function onRenewed(nodeId: string, { serial, expiresAtMs }: IssuedCertificate): Promise<boolean> {
    const node = nodes.get(nodeId);
    if (!node || !(await records.renewCertificate(nodeId, serial, expiresAtMs))) return false;
    node.record = { ...node.record, certificateSerial: serial, certificateExpiresAt: expiresAtMs };
    log.info({ node: node.record.name }, 'The certificate of a node was renewed');
    changes.tellNode(node);
    return true;
  }

  /** Who it is says the certificate alone. */
  function onNode(protocol: 'cai-link' | 'cai-blob', socket: TLSSocket, peer: X509Certificate | undefined): boolean {
    const identity = peer && certificates.identify(peer);
    const node = identity && nodes.get(identity.nodeId);
    if (node && isWelcome(node, identity, protocol)) {
      if (protocol === 'cai-link') links.accept(node, socket);
      else receiveVisit(node, socket, identity);
      return true;
    }
    const attempt = { address: socket.remoteAddress ?? '', action: `node.${protocol}`, requestId: '', code: 'certificate_refused' };
    options.audit.denied(
      identity === undefined ? attempt : { ...attempt, actor: { kind: 'node', id: identity.nodeId, name: '', role: '' } },
    );
    log.warn({ nodeId: identity?.nodeId, address: socket.remoteAddress, protocol }, 'A connection without a valid certificate was refused');
    const wasRemoved = identity && !node && !identity.isExpired && protocol === 'cai-link';
    if (wasRemoved) links.sayFarewell(openNodeLink(socket, identity.nodeId));
    else socket.destroy();
    return false;
  }

  function receiveVisit(node: LiveNode, socket: TLSSocket, identity: NodeIdentity): void {
    const session = blobDoor(socket, identity);
    const close = () => session.destroy();
    node.visits.add(close);
    session.once('close', () => node.visits.delete(close));
  }

  const repeat = async (everyMs: number, work: () => unknown) => {
    while (!running.aborted) {
      await clock.sleep(everyMs, running).catch(() => {});
      if (running.aborted) return;
      await (async () => work())().catch((error: unknown) => log.error({ err: error }, 'A regular task of the link failed'));
    }
  };
  const saveAllSeen = () => Promise.all([...nodes.values()].map((node) => node.link && hearing.saveSeen(node)));
  const loops = [
    repeat(sweepEveryMs, liveness.sweep),
    repeat(saveSeenEveryMs, saveAllSeen),
    repeat(renewServerCertificateEveryMs, listening.announce),
  ];

  const request = async (nodeId: string, wish: LinkRequest): Promise<LinkResponse> => {
    const node = getLive(nodes, nodeId);
    const { link, record, condition } = node;
    const reason = whyNoWork(node);
    if (reason !== undefined)
      throw new ClusterError('node_unreachable', [phrase('node_gets_no_work', { node: record.name }), phrase('reason', { reason })], {
        hint: phrase('next_step', { reason }),
      });
    if (link && condition.state !== 'unreachable') return link.request(wish);
    const story = [phrase('node_cannot_be_reached', { node: record.name }), ...sentencesOf(messageOf(condition))];
    throw new ClusterError('node_unreachable', story, { hint: hintOf(condition) });
  };

  const makeToken = async (wish: { readonly name: string; readonly isLocal: boolean; readonly ttlSeconds: number }) => {
    const token = makeJoinToken(wish, certificates.fingerprint, clock.now());
    await records.addToken(token.record);
    return token;
  };

  const askFound = async ({ record }: LiveNode): Promise<Omit<FoundFile, 'registeredAs'>[]> => {
    const answer = await withDeadline(clock, foundWithinMs, running, async (until) =>
      readAnswer(await request(record.id, { method: 'GET', path: agentPaths.found, signal: until })),
    );
    return foundAnswerShape.parse(answer).files.map((file) => ({ ...file, node: record.name, nodeId: record.id }));
  };

  const address = () => toAddress(config.host, listening.port);
  return {
    ...describeNodes(nodes),
    address,
    ...createWorkerOrders({ getLive: (id) => getLive(nodes, id), request, share: shared.share, signal: running }),
    isSuspectingItself: liveness.isSuspectingItself,
    onChange: changes.onChange,
    request,
    async localInvitation() {
      if ([...nodes.values()].some((node) => node.record.isLocal)) return undefined;
      const { text } = await makeToken({ name: '', isLocal: true, ttlSeconds: localTokenSeconds });
      return { address: address(), token: text };
    },
    async invite({ name, ttlSeconds, listenHost }) {
      const host = listenHost ?? findOutsideAddress() ?? config.host;
      await listening.openOn(host);
      const { text, record } = await makeToken({ name, isLocal: false, ttlSeconds });
      return toInvitation(toAddress(host, listening.port), text, record.expiresAt, certificates.serverPin);
    },
    async approve(id) {
      const node = getLive(nodes, id);
      const approvedAt = node.record.approvedAt ?? clock.now();
      if (!(await records.approve(id, approvedAt))) throw toUnknown(id); // somebody removed it meanwhile
      node.record = { ...node.record, approvedAt };
      log.info({ node: node.record.name, nodeId: id }, 'A node was approved');
      liveness.sweep();
      return toNode(node);
    },
    async remove(id) {
      const node = getLive(nodes, id);
      describeAct({ details: { name: node.record.name, certificate: node.record.certificateSerial } });
      await records.remove(id, clock.now());
      nodes.delete(id);
      if (node.link) links.sayFarewell(node.link);
      for (const close of node.visits) close();
      for (const link of node.draining) link.close();
      log.info({ node: node.record.name, nodeId: id }, 'A node was removed');
      changes.tellRemoved(id);
    },
    nameReplica: (nodeId, digest) => names.make(nodeId, digest, clock.now()),
    async putReplica(nodeId, spec) {
      const node = getLive(nodes, nodeId);
      node.orderedBlobs.add(spec.file.digest);
      noteOrder(node, spec.replicaId, spec.file.digest);
      const body = Buffer.from(JSON.stringify(spec));
      const answer = await request(nodeId, { method: 'PUT', path: agentPaths.replica(spec.replicaId), body, signal: running });
      return replicaReportShape.parse(await readAnswer(answer));
    },
    async deleteReplica(nodeId, replicaId, fence) {
      const path = `${agentPaths.replica(replicaId)}?fence=${fence}`;
      const answer = await request(nodeId, { method: 'DELETE', path, signal: running });
      if (answer.status === 404) return void answer.body.destroy();
      return replicaReportShape.parse(await readAnswer(answer));
    },
    async found() {
      const ready = [...nodes.values()].filter((node) => node.condition.state === 'ready');
      const answers = await Promise.allSettled(ready.map(askFound)); // a slow or broken node is left out
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    },
    async [Symbol.asyncDispose]() {
      ending.abort(new ClusterError('shutting_down', 'The control plane is stopping.'));
      for (const node of nodes.values()) node.link?.close();
      await Promise.all([listener[Symbol.asyncDispose](), ...loops]);
      await Promise.all([...nodes.values()].map(hearing.saveSeen));
    },
  };
}

const describeNodes = (nodes: LiveNodes) => ({
  list: () => [...nodes.values()].map(toNode),
  get: (id: string) => toNode(getLive(nodes, id)),
});
