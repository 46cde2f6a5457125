import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type DataFolder, writePrivateFile } from '@cluster-ai/runtime';
import { z } from 'zod';

const identityShape = z.object({
  nodeId: z.string(),
  name: z.string(),
  clusterName: z.string(),
  /** host:port of the control plane's link. */
  address: z.string(),
  /** PEM; made here, and never sent anywhere. */
  key: z.string(),
  certificate: z.string(),
  certificateAuthority: z.string(),
});

/** Who this machine is in its cluster. One file, so that it is replaced whole. */
export type Identity = z.infer<typeof identityShape>;

const fileOf = (folder: DataFolder) => join(folder.agent, 'identity.json');

/** `undefined` when this machine never joined. Throws `config_invalid` for a damaged file. */
export function loadIdentity(folder: DataFolder): Identity | undefined {
  const path = fileOf(folder);
  if (!existsSync(path)) return undefined;
  try {
    return identityShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new ClusterError('config_invalid', `The identity of this machine in ${path} is damaged.`, {
      hint: 'Delete that file and join again with a new token.',
      cause,
    });
  }
}

export function saveIdentity(folder: DataFolder, identity: Identity): void {
  writePrivateFile(fileOf(folder), JSON.stringify(identity));
}

export function forgetIdentity(folder: DataFolder): void {
  rmSync(fileOf(folder), { force: true });
}

/** Epoch milliseconds: two thirds of the certificate's life, when it should be renewed, and its end. */
export function lifeOf({ certificate }: Identity): { readonly renewAtMs: number; readonly endsAtMs: number } {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const begin = validFromDate.getTime();
  const endsAtMs = validToDate.getTime();
  return { renewAtMs: begin + ((endsAtMs - begin) * 2) / 3, endsAtMs };
}
