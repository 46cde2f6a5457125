/** Secrets and certificates of the made-up cluster. See fake-server.ts. */

import { type Certificate, type DataKey, type SecretsStatus, toCondition } from '@cluster-ai/contracts';
import { ago, ahead } from './fake-times.ts';

const aCertificate: Certificate = {
  purpose: 'authority',
  source: 'internal',
  owner: 'Casa-Cluster',
  nodeId: null,
  subject: 'CN=Casa-Cluster',
  names: [],
  serial: '01',
  validFrom: ago(90_000),
  expiresAt: ahead(3600),
  fingerprint: 'k7f29qxm4w8zr2tb6n3p5s7v9yk7f29qxm4w8zr2tb6',
  condition: toCondition('ready', 'certificate_valid', Date.now()),
};
export const certificates: readonly Certificate[] = [
  aCertificate,
  {
    ...aCertificate,
    purpose: 'listener',
    source: 'acme',
    owner: 'main, ollama',
    names: ['cluster.casa.example', '192.168.0.10'],
    serial: '02',
    expiresAt: ahead(5),
    condition: toCondition('degraded', 'certificate_ends_soon', Date.now()),
  },
  { ...aCertificate, purpose: 'node', owner: 'desk', nodeId: 'n1', serial: '03', validFrom: null, expiresAt: ahead(0.8), fingerprint: '' },
  {
    ...aCertificate,
    purpose: 'node',
    owner: 'raspberry-pi-in-the-kitchen',
    nodeId: 'n4',
    serial: '04',
    validFrom: null,
    expiresAt: ago(90),
    fingerprint: '',
    condition: toCondition('failed', 'certificate_expired', Date.now()),
  },
];

const aDataKey: DataKey = {
  purpose: 'named-secrets',
  version: 2,
  createdAt: ago(3),
  uses: 128,
  isActive: true,
  rotationDue: 'no',
};
export const secretsStatus: SecretsStatus = {
  masterKey: { id: 'k7f29qxm', source: 'file', createdAt: ago(90_000) },
  dataKeys: [
    { ...aDataKey, version: 1, createdAt: ago(140_000), uses: 2_048_000, isActive: false },
    aDataKey,
    { ...aDataKey, purpose: 'totp', version: 1, createdAt: ago(140_000), uses: 64, rotationDue: 'age' },
  ],
  chats: { wanted: 'clear', sealed: 0, clear: 412 },
  rotations: [{ purpose: 'named-secrets', toVersion: 2, phase: 'sealing', done: 31, unreadable: 1, startedAt: ago(0.3) }],
  secrets: [
    { name: 'huggingface.co', purpose: 'registry', createdAt: ago(90_000), changedAt: ago(4000), keyVersion: 2 },
    { name: 'mail', purpose: 'mail', createdAt: ago(90_000), changedAt: ago(90_000), keyVersion: 1 },
    {
      name: 'a.webhook.with-a-rather-long-name-that-does-not-end.example',
      purpose: 'webhook',
      createdAt: ago(90),
      changedAt: ago(90),
      keyVersion: 2,
    },
  ],
};
