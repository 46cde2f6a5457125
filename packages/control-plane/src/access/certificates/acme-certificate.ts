import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { ClusterError, type Config } from '@cluster-ai/contracts';
import { type Clock, type DataFolder, type Logger, writePrivateFile } from '@cluster-ai/runtime';
import acme from 'acme-client';
import { z } from 'zod';
import { openChallengeSite } from './challenge-site.ts';
import { type CertificateMaker, checkPair, isTwoThirdsOver, type KeyAndCertificate, namesOf } from './server-certificate.ts';

/** An ACME server counts failures: one attempt an hour stays below the limits of the usual ones. */
const hourMs = 60 * 60_000;

export interface AcmeCertificateDeps {
  readonly settings: Config['listeners']['tls']['acme'];
  readonly folder: DataFolder;
  /** Shows something until the first certificate is there. */
  readonly meanwhile: Pick<CertificateMaker, 'first'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const accountShape = z.object({ directory: z.string(), key: z.string(), url: z.string().optional() });
type Account = z.infer<typeof accountShape>;

function checkSettings({ names, email }: AcmeCertificateDeps['settings']): void {
  const hint = 'Set listeners.tls.acme in cluster.yaml.';
  if (names.length === 0)
    throw new ClusterError('config_invalid', '"listeners.tls.acme.names": an ACME server needs a host name.', { hint });
  if (email !== '' && !email.includes('@'))
    throw new ClusterError('config_invalid', `"listeners.tls.acme.email": "${email}" is no address.`, { hint });
}

/** A certificate that any client trusts, from a server that speaks ACME (RFC 8555, http-01). The account and what it gave stay in `secrets/`. */
export function createAcmeCertificate({ settings, folder, meanwhile, clock, log }: AcmeCertificateDeps): CertificateMaker {
  checkSettings(settings);
  const { directory, names, email, httpHost, httpPort, rootsFile } = settings;
  const paths = {
    account: join(folder.secrets, 'acme-account.json'),
    key: join(folder.secrets, 'acme.key'),
    certificate: join(folder.secrets, 'acme.crt'),
  };

  /** The account at this server, kept by its key; its address is known once the server has been asked. */
  const loadAccount = async (): Promise<Account> => {
    const stored = existsSync(paths.account) ? accountShape.parse(JSON.parse(readFileSync(paths.account, 'utf8'))) : undefined;
    if (stored?.directory === directory) return stored;
    return { directory, key: String(await acme.crypto.createPrivateEcdsaKey()) };
  };
  const saveAccount = (account: Account) => writePrivateFile(paths.account, JSON.stringify(account));

  /** What an earlier order gave, as long as it still holds for these names. */
  const loadStored = (): KeyAndCertificate | undefined => {
    if (!existsSync(paths.key) || !existsSync(paths.certificate)) return undefined;
    const stored = { key: readFileSync(paths.key, 'utf8'), certificate: readFileSync(paths.certificate, 'utf8') };
    const certificate = checkPair(stored, `${paths.certificate} with ${paths.key}`);
    const isUsable = certificate.validToDate.getTime() > clock.now() && hasAllNames(certificate);
    return isUsable ? stored : undefined;
  };
  const hasAllNames = (certificate: X509Certificate) => names.every((name) => namesOf(certificate).includes(name.toLowerCase()));

  const order = async (): Promise<KeyAndCertificate> => {
    // the machine's proxy settings are not ours, and the server may be one that only a given root vouches for
    acme.axios.defaults.proxy = false;
    if (rootsFile !== '') acme.axios.defaults.httpsAgent = new Agent({ ca: readFileSync(rootsFile) });
    const account = await loadAccount();
    const client = new acme.Client({
      directoryUrl: directory,
      accountKey: account.key,
      ...(account.url ? { accountUrl: account.url } : {}),
    });
    const [key, csr] = await acme.crypto.createCsr({ altNames: [...names] }, await acme.crypto.createPrivateEcdsaKey());
    await using site = await openChallengeSite(httpHost, httpPort);
    const certificate = await client
      .auto({
        csr,
        email,
        termsOfServiceAgreed: true,
        challengePriority: ['http-01'],
        skipChallengeVerification: true, // our own way to our own name may differ from the server's
        challengeCreateFn: async (_authorization, challenge, answer) => site.show(challenge.token, answer),
        challengeRemoveFn: async (_authorization, challenge) => site.hide(challenge.token),
      })
      .catch((error: unknown) => {
        // a server that forgot the account is told of it again at the next attempt
        if (String(error).includes('accountDoesNotExist')) saveAccount({ directory, key: account.key });
        throw error;
      });
    saveAccount({ ...account, url: client.getAccountUrl() });
    return { key: String(key), certificate };
  };

  return {
    source: 'acme',
    checkEveryMs: hourMs,
    first: async () => loadStored() ?? { ...(await meanwhile.first()), isStandIn: true },
    isDue: async (current, nowMs) => !hasAllNames(current) || isTwoThirdsOver(current, nowMs),
    async renew() {
      log.info({ directory, names }, 'A certificate is asked for');
      const pair = await order();
      checkPair(pair, 'What the ACME server gave');
      writePrivateFile(paths.key, pair.key);
      writePrivateFile(paths.certificate, pair.certificate);
      return pair;
    },
  };
}
