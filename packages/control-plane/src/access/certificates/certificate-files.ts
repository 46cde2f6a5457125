import { readFile, stat } from 'node:fs/promises';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import { type CertificateMaker, checkPair, type KeyAndCertificate } from './server-certificate.ts';

const checkEveryMs = 10_000;

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

function toReadError(path: string, cause: unknown): ClusterError {
  return new ClusterError('config_invalid', `${path} cannot be read (${errnoOf(cause) ?? 'unknown'}).`, {
    hint: 'listeners.tls.certificateFile and keyFile in cluster.yaml name two files in PEM that this user can read.',
    cause,
  });
}

const read = (path: string) =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw toReadError(path, error);
  });

/** What changes when a file is written anew, replaced, or its link is pointed elsewhere. */
async function trace(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path).catch((error: unknown) => {
    throw toReadError(path, error);
  });
  return `${ino} ${size} ${mtimeMs}`;
}

/**
 * A certificate that somebody else keeps fresh. The files are looked at every few seconds, since watching by the system misses links
 * and network drives; half-written ones are refused, and read again at the next look.
 */
export function createCertificateFiles({ certificateFile, keyFile }: CertificateFiles): CertificateMaker {
  let seen = '';
  const look = async () => `${await trace(certificateFile)} ${await trace(keyFile)}`;
  const load = async (): Promise<KeyAndCertificate> => {
    const before = await look();
    const pair = { certificate: `${(await read(certificateFile)).trimEnd()}\n`, key: await read(keyFile) };
    checkPair(pair, `${certificateFile} with ${keyFile}`);
    seen = before;
    return pair;
  };
  return { source: 'files', checkEveryMs, first: load, renew: load, isDue: async () => (await look()) !== seen };
}
