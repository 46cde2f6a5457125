import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  type AgentReport,
  agentPaths,
  ClusterError,
  type FoundFile,
  foundFileShape,
  type Invitation,
  type ReplicaReport,
  reasons,
  replicaReportShape,
} from '@cluster-ai/contracts';
import { type Clock, type DataFolder, type Logger, linkServerName } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { EventBus } from '../observability/event-bus.ts';
import { createBlobDoor, type LocateBlob } from './blob-door.ts';
import { type NodeIdentity, openCertificates } from './certificates.ts';
import { decideLiveness } from './decide-liveness.ts';
import { type Beat, followReports, sendBeats } from './follow-node.ts';
import { createJoinDoor } from './join-door.ts';
import { makeJoinToken } from './join-tokens.ts';
import { createLinkListener, type LinkListener } from './link-listener.ts';
import { findOutsideAddress, loadPlaces, savePlaces } from './listen-places.ts';
import { applyReport, applyVerdict, type LiveNode, toLiveNode, toNode } from './live-node.ts';
import { type NodeLink, openNodeLink } from './node-link.ts';
import type { NodeRecord, NodeRecords } from './node-record.ts';
import type { LinkRequest, Nodes } from './nodes.ts';
import { readAnswer } from './read-answer.ts';
import { createSoftwareSite, type SoftwarePackage, softwarePath } from './software-site.ts';
import { withDeadline } from './with-deadline.ts';

const sweepEveryMs = 250;
const saveSeenEveryMs = 30_000;
const foundWithinMs = 2000;
const farewellMs = 1000;
/** A link whose node stays silent this long is given up; until then the node may come back on it. */
const giveUpAfterMs = 30_000;
const localTokenSeconds = 600;
const renewServerCertificateEveryMs = 24 * 60 * 60_000;

export interface OpenNodesOptions {
  readonly folder: DataFolder;
  /** `isPortChosen`: somebody named this port, so that a taken one is an error and not a reason to move. */
  readonly config: { readonly host: string; readonly port: number; readonly isPortChosen?: boolean };
  readonly records: NodeRecords;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly locateBlob: LocateBlob;
  /** The packed software for machines that have none; `undefined` when this installation has none to give. */
  readonly softwarePackage: SoftwarePackage;
  readonly clusterName: string;
  readonly version: string;
  /** Attempts to join that one address may make in a minute. */
  readonly joinsPerMinute?: number;
}

export interface OpenedNodes extends Nodes, AsyncDisposable {
  /** host:port for agents on this machine. */
  address(): string;
  /** A one-use token for this machine's own agent; `undefined` when that has joined before. */
  localInvitation(): Promise<{ readonly address: string; readonly token: string } | undefined>;
  /** More than half of the nodes went silent together: whoever moves work should wait. */
  isSuspectingItself(): boolean;
}

async function listenFirst(listener: LinkListener, { folder, config, log }: OpenNodesOptions): Promise<number> {
  if (config.isPortChosen === true) return listener.listen(config.host, config.port);
  const stored = loadPlaces(folder)?.port;
  for (const port of [stored, config.port].filter((candidate) => candidate !== undefined)) {
    try {
      return await listener.listen(config.host, port);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 'port_taken') throw error;
      log.warn({ port }, 'The port where nodes dial is taken; another one is used');
    }
  }
  return listener.listen(config.host, 0);
}

/** Opens the link port and begins to watch over the nodes. Throws `port_taken` or `listen_refused`. */
export async function openNodes(options: OpenNodesOptions, signal: AbortSignal): Promise<OpenedNodes> {
  const { folder, config, records, events, clock, log, locateBlob, softwarePackage, clusterName, version } = options;
  const ending = new AbortController();
  const running = AbortSignal.any([signal, ending.signal]);
  const certificates = await openCertificates({ folder, clock });
  const nodes = new Map<string, LiveNode>();
  const listeners = new Set<() => void>();
  let outsideHosts: readonly string[] = loadPlaces(folder)?.hosts ?? [];
  let isSuspecting = false;

  for (const record of await records.list()) nodes.set(record.id, toLiveNode(record, clock.now(), clock.monotonic()));

  // --- what others are told

  const tell = (node: LiveNode) => {
    const { metrics: _metrics, metricsAt: _metricsAt, lastSeenAt: _lastSeenAt, roundTripMs: _roundTripMs, ...rest } = toNode(node);
    events.publish({ type: 'node.changed', node: rest });
    for (const listener of listeners) listener();
  };
  const tellMetrics = (node: LiveNode) => {
    const { id, metrics, metricsAt, lastSeenAt, roundTripMs } = toNode(node);
    events.publish({ type: 'node.measured', node: { id, metrics, metricsAt, lastSeenAt, roundTripMs } });
  };
  const tellReplica = (node: LiveNode, replica: ReplicaReport) => {
    events.publish({ type: 'replica.changed', nodeId: node.record.id, replicaId: replica.replicaId, model: replica.model });
    for (const listener of listeners) listener();
  };

  const getLive = (id: string): LiveNode => {
    const node = nodes.get(id);
    if (!node)
      throw new ClusterError('node_not_found', `There is no node ${id.slice(0, 80)}.`, { hint: '`cluster-ai nodes ls` shows them.' });
    return node;
  };
  const isCurrent = (node: LiveNode) => nodes.get(node.record.id) === node;

  // --- what nodes say

  const onReport = (node: LiveNode, report: AgentReport) => {
    const before = report.type === 'replica-gone' ? node.replicas.get(report.replicaId) : undefined;
    applyReport(node, report, clock.now());
    if (report.type === 'metrics') return tellMetrics(node);
    if (report.type === 'replica') return tellReplica(node, report.replica);
    if (before) return tellReplica(node, before);
    if (report.type === 'snapshot') {
      if (report.agentVersion !== version)
        log.warn({ node: node.record.name, agentVersion: report.agentVersion, version }, 'The agent of a node has another version');
      saveSeen(node);
      tellMetrics(node);
    }
    tell(node);
  };
  const onBeat = (node: LiveNode, { incarnation, roundTripMs }: Beat) => {
    if (node.incarnation !== '' && incarnation !== node.incarnation)
      log.debug({ node: node.record.name }, 'The agent of a node was started anew');
    node.heardAtMs = clock.monotonic();
    node.lastSeenAtMs = clock.now();
    node.roundTripMs = Math.round(roundTripMs * 10) / 10;
    const isFirst = !node.hasAnswered;
    node.hasAnswered = true;
    if (isFirst || node.condition.state !== 'ready') sweep();
  };

  const saveSeen = (node: LiveNode) => {
    if (node.lastSeenAtMs === null) node.lastSeenAtMs = clock.now();
    records.saveSeen(node.record.id, node.lastSeenAtMs, node.record.facts).catch((error: unknown) => {
      log.error({ err: error, node: node.record.name }, 'When a node was last seen could not be stored');
    });
  };

  // --- links

  const replaceLink = (node: LiveNode, link: NodeLink) => {
    const previous = node.link;
    node.link = link;
    node.lastAddress = link.address;
    node.saidGoodbye = false;
    if (!node.hasAnswered) node.heardAtMs = clock.monotonic(); // the wait for its first answer begins
    if (previous) {
      node.draining.add(previous);
      previous.drain();
      void previous.closed.then(() => node.draining.delete(previous));
    }
  };

  const follow = (node: LiveNode, link: NodeLink) => {
    const over = new AbortController();
    const isOver = AbortSignal.any([running, over.signal]);
    const deps = {
      clock,
      log: log.child({ node: node.record.name }),
      onBeat: (beat: Beat) => isCurrent(node) && node.link === link && onBeat(node, beat),
      onReport: (report: AgentReport) => isCurrent(node) && node.link === link && onReport(node, report),
    };
    node.visits.add(link.close);
    void sendBeats(link, deps, isOver);
    void followReports(link, deps, isOver);
    const stopFollowing = () => over.abort(new Error('The link is no longer used'));
    void link.closed.then(() => {
      stopFollowing();
      node.visits.delete(link.close);
      if (node.link === link) {
        node.link = undefined;
        log.info({ node: node.record.name }, 'The link to a node closed');
        sweep();
      }
    });
    return stopFollowing;
  };

  const stopFollowing = new WeakMap<NodeLink, () => void>();
  const onLink = (node: LiveNode, socket: TLSSocket) => {
    const link = openNodeLink(socket, node.record.name);
    if (node.link) stopFollowing.get(node.link)?.(); // its endless report stream would keep it from draining
    replaceLink(node, link);
    stopFollowing.set(link, follow(node, link));
    log.info({ node: node.record.name, address: link.address }, 'A node connected');
    sweep();
  };

  /** Somebody who was a node: told so, and closed. Never becomes a link. */
  const sayFarewell = (link: NodeLink) => {
    const body = Buffer.from(JSON.stringify({ reason: 'removed' }));
    void withDeadline(clock, farewellMs, running, (until) => link.request({ method: 'POST', path: agentPaths.stop, body, signal: until }))
      .catch(() => {}) // it may be gone already, which is as good
      .finally(link.close);
  };

  const mayStillRenew = (node: LiveNode, { serial, isExpired }: NodeIdentity) => !isExpired || serial === node.record.certificateSerial;

  const onNode = (protocol: 'cai-link' | 'cai-blob', socket: TLSSocket, peer: X509Certificate | undefined): boolean => {
    const identity = peer && certificates.identify(peer);
    const node = identity && nodes.get(identity.nodeId);
    if (identity && !node && protocol === 'cai-link' && !identity.isExpired) {
      log.warn({ nodeId: identity.nodeId, address: socket.remoteAddress }, 'A removed node dialled and was refused');
      sayFarewell(openNodeLink(socket, identity.nodeId));
      return false;
    }
    const isWelcome = node && (protocol === 'cai-blob' ? mayStillRenew(node, identity) : !identity.isExpired);
    if (!isWelcome) {
      log.warn(
        { nodeId: identity?.nodeId, address: socket.remoteAddress, protocol },
        'A connection without a valid certificate was refused',
      );
      socket.destroy();
      return false;
    }
    if (protocol === 'cai-link') onLink(node, socket);
    else welcomeVisit(node, socket, identity);
    return true;
  };

  const welcomeVisit = (node: LiveNode, socket: TLSSocket, identity: NodeIdentity) => {
    const session = blobDoor(socket, identity);
    const close = () => session.destroy();
    node.visits.add(close);
    session.once('close', () => node.visits.delete(close));
  };

  const blobDoor = createBlobDoor({
    certificates,
    locateBlob,
    isMeantFor: (nodeId, digest) => nodes.get(nodeId)?.orderedBlobs.has(digest) === true,
    async onRenewed(nodeId, issued) {
      const node = nodes.get(nodeId);
      if (!node || !(await records.renewCertificate(nodeId, issued.serial, issued.expiresAtMs))) return false;
      node.record = { ...node.record, certificateSerial: issued.serial, certificateExpiresAt: issued.expiresAtMs };
      log.info({ node: node.record.name }, 'The certificate of a node was renewed');
      return true;
    },
    log,
  });

  const onJoined = (record: NodeRecord) => {
    const node = toLiveNode(record, clock.now(), clock.monotonic());
    nodes.set(record.id, node);
    log.info({ node: record.name, nodeId: record.id }, 'A machine joined');
    tell(node);
  };

  const listener = await createLinkListener({
    certificates,
    onJoin: createJoinDoor({
      certificates,
      records,
      clusterName,
      attemptsPerMinute: options.joinsPerMinute ?? 30,
      takenNames: () => [...nodes.values()].map((node) => node.record.name),
      onJoined,
      clock,
      log,
    }),
    onNode,
    site: createSoftwareSite({ softwarePackage, hosts: () => ['localhost', linkServerName, config.host, ...outsideHosts], log }),
    log,
  });

  // --- liveness

  let sweptAtMs = clock.monotonic();
  const sweep = () => {
    const nowMs = clock.monotonic();
    const ownLagMs = nowMs - sweptAtMs - sweepEveryMs;
    sweptAtMs = nowMs;
    const views = [...nodes.values()].map((node) => ({
      id: node.record.id,
      hasLink: node.link !== undefined,
      hasAnswered: node.hasAnswered,
      hasConnected: node.lastSeenAtMs !== null,
      saidGoodbye: node.saidGoodbye,
      silenceMs: nowMs - node.heardAtMs,
      current: node.condition,
    }));
    const { verdicts, isSuspectingItself } = decideLiveness({ nodes: views, ownLagMs });
    for (const node of nodes.values()) {
      const verdict = verdicts.get(node.record.id);
      if (verdict && applyVerdict(node, verdict, clock.now())) onVerdict(node);
      if (node.link && node.condition.state === 'unreachable' && nowMs - node.heardAtMs > giveUpAfterMs) node.link.close();
    }
    if (isSuspectingItself !== isSuspecting) log.warn({ isSuspectingItself }, reasons.control_plane_suspect.message);
    isSuspecting = isSuspectingItself;
  };

  const onVerdict = (node: LiveNode) => {
    const { name } = node.record;
    log.info({ node: name, state: node.condition.state, reason: node.condition.reason }, 'The state of a node changed');
    if (node.condition.state === 'unreachable') {
      const lost = new ClusterError('node_lost', `The node ${name} was lost: ${node.condition.message}`, { hint: node.condition.hint });
      node.link?.failOpenRequests(lost);
      for (const link of node.draining) link.close();
    }
    tell(node);
  };

  const repeat = async (everyMs: number, work: () => void | Promise<void>) => {
    while (!running.aborted) {
      await clock.sleep(everyMs, running).catch(() => {});
      if (running.aborted) return;
      await (async () => work())().catch((error: unknown) => log.error({ err: error }, 'A regular task of the link failed'));
    }
  };

  // --- where we listen

  const port = await listenFirst(listener, options).catch(async (error: unknown) => {
    await listener[Symbol.asyncDispose]();
    throw error;
  });
  const announce = () => listener.announce(['localhost', config.host, ...outsideHosts]);
  const listenOutside = async (host: string) => {
    if (host === config.host || outsideHosts.includes(host)) return;
    await listener.listen(host, port);
    outsideHosts = [...outsideHosts, host];
    savePlaces(folder, { port, hosts: [...outsideHosts] });
    log.info({ host, port }, 'The link port was opened to other machines');
  };
  savePlaces(folder, { port, hosts: [...outsideHosts] });
  for (const host of outsideHosts)
    await listener.listen(host, port).catch((error: unknown) => {
      log.warn({ host, port, error: String(error) }, 'The link port could not be opened to other machines again');
    });
  await announce();
  const loops = [
    repeat(sweepEveryMs, sweep),
    repeat(saveSeenEveryMs, () => {
      for (const node of nodes.values()) if (node.link) saveSeen(node);
    }),
    repeat(renewServerCertificateEveryMs, announce),
  ];

  const send = async (nodeId: string, request: LinkRequest) => {
    const node = getLive(nodeId);
    if (!node.link || node.condition.state === 'unreachable')
      throw new ClusterError('node_unreachable', `The node ${node.record.name} is not reachable: ${node.condition.message}`, {
        hint: node.condition.hint,
      });
    return node.link.request(request);
  };

  const inviteWith = async (wish: { readonly name: string; readonly isLocal: boolean; readonly ttlSeconds: number }) => {
    const token = makeJoinToken(wish, certificates.fingerprint, clock.now());
    await records.addToken(token.record);
    return token;
  };

  const askFound = async (node: LiveNode): Promise<Omit<FoundFile, 'registeredAs'>[]> => {
    const answer = await withDeadline(clock, foundWithinMs, running, async (until) =>
      readAnswer(await send(node.record.id, { method: 'GET', path: agentPaths.found, signal: until })),
    );
    const { files } = foundAnswerShape.parse(answer);
    return files.map((file) => ({ ...file, node: node.record.name, nodeId: node.record.id }));
  };

  return {
    address: () => `${config.host}:${port}`,
    isSuspectingItself: () => isSuspecting,
    list: () => [...nodes.values()].map(toNode),
    get: (id) => toNode(getLive(id)),
    request: send,
    async localInvitation() {
      if ([...nodes.values()].some((node) => node.record.isLocal)) return undefined;
      const { text } = await inviteWith({ name: '', isLocal: true, ttlSeconds: localTokenSeconds });
      return { address: `${config.host}:${port}`, token: text };
    },
    async invite({ name, ttlSeconds, listenHost }): Promise<Invitation> {
      const host = listenHost ?? findOutsideAddress() ?? config.host;
      await listenOutside(host);
      await announce();
      const { text, record } = await inviteWith({ name, isLocal: false, ttlSeconds });
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      return {
        address,
        token: text,
        expiresAt: new Date(record.expiresAt).toISOString(),
        command: `cluster-ai join ${address} --token ${text}`,
        installCommand: `curl -fsSk --pinnedpubkey '${certificates.serverPin}' -o cluster-ai.tgz https://${address}${softwarePath} && npm install --global ./cluster-ai.tgz`,
      };
    },
    async remove(id) {
      const node = getLive(id);
      await records.remove(id, clock.now());
      nodes.delete(id);
      const { link } = node;
      if (link) {
        node.visits.delete(link.close);
        sayFarewell(link);
      }
      for (const close of node.visits) close();
      for (const draining of node.draining) draining.close();
      log.info({ node: node.record.name, nodeId: id }, 'A node was removed');
      events.publish({ type: 'node.removed', nodeId: id });
      for (const told of listeners) told();
    },
    async putReplica(nodeId, spec) {
      getLive(nodeId).orderedBlobs.add(spec.file.digest);
      const body = Buffer.from(JSON.stringify(spec));
      const answer = await send(nodeId, { method: 'PUT', path: agentPaths.replica(spec.replicaId), body, signal: running });
      return replicaReportShape.parse(await readAnswer(answer));
    },
    async deleteReplica(nodeId, replicaId, fence) {
      const path = `${agentPaths.replica(replicaId)}?fence=${fence}`;
      const answer = await send(nodeId, { method: 'DELETE', path, signal: running });
      if (answer.status === 404) return void answer.body.destroy();
      return replicaReportShape.parse(await readAnswer(answer));
    },
    async found() {
      const ready = [...nodes.values()].filter((node) => node.condition.state === 'ready');
      const answers = await Promise.allSettled(ready.map(askFound));
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    },
    onChange(told) {
      listeners.add(told);
      return () => void listeners.delete(told);
    },
    async [Symbol.asyncDispose]() {
      ending.abort(new ClusterError('shutting_down', 'The control plane is stopping.'));
      for (const node of nodes.values()) node.link?.close();
      await Promise.all([listener[Symbol.asyncDispose](), ...loops]);
      await Promise.allSettled(
        [...nodes.values()].flatMap((node) =>
          node.lastSeenAtMs === null ? [] : [records.saveSeen(node.record.id, node.lastSeenAtMs, node.record.facts)],
        ),
      );
    },
  };
}

const foundAnswerShape = z.object({ files: z.array(foundFileShape.omit({ node: true, nodeId: true, registeredAs: true })).max(5000) });
