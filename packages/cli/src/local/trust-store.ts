import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';

export interface TrustStore {
  readonly system: string;
  /** Where the file has to lie. */
  readonly folder: string;
  /** What takes it over from there. */
  readonly command: readonly [string, ...string[]];
}

const linuxStores: readonly TrustStore[] = [
  { system: 'Debian, Ubuntu', folder: '/usr/local/share/ca-certificates', command: ['update-ca-certificates'] },
  { system: 'Fedora, RHEL', folder: '/etc/pki/ca-trust/source/anchors', command: ['update-ca-trust'] },
];

/** The line that a person runs to have the whole system trust a certificate. */
export function installLines(file: string, name: string): readonly { readonly what: string; readonly line: string }[] {
  const linux = linuxStores.map(({ system, folder, command }) => ({
    what: system,
    line: `sudo install -m 644 '${file}' '${folder}/${name}.crt' && sudo ${command.join(' ')}`,
  }));
  return [
    ...linux,
    { what: 'macOS', line: `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain '${file}'` },
    { what: 'Windows', line: `certutil -addstore -f ROOT "${file}"` },
  ];
}

/** Which of these a machine has. */
export const findTrustStore = (exists: (path: string) => boolean = existsSync): TrustStore | undefined =>
  linuxStores.find(({ folder }) => exists(folder));

/** Has the whole system trust a certificate. Throws `unsupported_feature` or `forbidden` with the line to run instead. */
export function installAuthority(file: string, name: string, store: TrustStore | undefined = findTrustStore()): string {
  const lines = installLines(file, name);
  if (store === undefined)
    throw new ClusterError('unsupported_feature', 'How this system trusts a certificate is not known here.', {
      hint: lines.map(({ what, line }) => `${what}: ${line}`).join('\n    '),
    });
  const target = join(store.folder, `${name}.crt`);
  const [program, ...args] = store.command;
  try {
    copyFileSync(file, target);
    execFileSync(program, args, { stdio: 'pipe' });
    return target;
  } catch (cause) {
    throw new ClusterError('forbidden', `The certificate could not be put into ${store.folder} (${errnoOf(cause) ?? 'failed'}).`, {
      hint: `Run it as an administrator: ${lines.find(({ what }) => what === store.system)?.line ?? ''}`,
      cause,
    });
  }
}
