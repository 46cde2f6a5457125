import type { HardwareFacts } from '@cluster-ai/contracts';

/** What is remembered of a node while it is away. Times are epoch milliseconds. */
export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly joinedAt: number;
  readonly isLocal: boolean;
  /** Null: it waits for somebody's approval, and gets no work until then. */
  readonly approvedAt: number | null;
  /** Of the newest certificate. */
  readonly certificateSerial: string;
  readonly certificateExpiresAt: number;
  readonly lastSeenAt: number | null;
  readonly facts: NodeFacts;
}

export interface NodeFacts {
  readonly agentVersion: string;
  readonly hardware: HardwareFacts | null;
}

export interface JoinTokenRecord {
  readonly id: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  /** The name for the machine; empty: its host name. */
  readonly name: string;
  readonly isLocal: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
}

/** What the cluster remembers of its machines. */
export interface NodeRecords {
  /** Without those that were removed. */
  list(): Promise<readonly NodeRecord[]>;
  addToken(token: JoinTokenRecord): Promise<void>;
  /**
   * Burns the token and adds the node in one transaction. `accept` judges the token as it is then (`undefined`: there is none) and
   * gives the node, or throws, which leaves everything as it was. Of two that come with one token, the second sees it used.
   */
  redeemToken(tokenId: string, usedAt: number, accept: (token: JoinTokenRecord | undefined) => NodeRecord): Promise<NodeRecord>;
  /** Nothing happens when the node was removed meanwhile: false. */
  renewCertificate(nodeId: string, serial: string, expiresAt: number): Promise<boolean>;
  saveSeen(nodeId: string, lastSeenAt: number, facts: NodeFacts): Promise<void>;
  /** Nothing changes for one that was approved before. False when there is no such node. */
  approve(nodeId: string, approvedAt: number): Promise<boolean>;
  /** False when there was no such node. */
  remove(nodeId: string, removedAt: number): Promise<boolean>;
}
