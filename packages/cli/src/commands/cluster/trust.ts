import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateAuthorityShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { findClusterRecord } from '../../local/cluster-record.ts';
import { authorityFile } from '../../local/trust-cluster.ts';
import { installAuthority, installLines } from '../../local/trust-store.ts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';

const lineShape = z.object({ what: z.string(), line: z.string() });
const reportShape = certificateAuthorityShape.extend({
  file: z.string().describe('Where the certificate lies now, for programs that want a file.'),
  installedAt: z.string().nullable().describe('Where the system has it; null when it was not installed.'),
  programs: z.array(lineShape).describe('How single programs are told to trust it.'),
  systems: z.array(lineShape).describe('How a whole system is told.'),
});
type Report = z.infer<typeof reportShape>;

const texts = {
  file: text('The certificate of the cluster’s own authority lies in {file}', 'O certificado da autoridade do cluster está em {file}'),
  fingerprint: text(
    'On other machines of yours: --ca-fingerprint {fingerprint}',
    'Nas suas outras máquinas: --ca-fingerprint {fingerprint}',
  ),
  installed: text('This system trusts it now ({path}).', 'Este sistema agora confia nele ({path}).'),
  systems: text(
    'Have a whole system trust it (or: cluster-ai trust --install):',
    'Para um sistema inteiro confiar nele (ou: cluster-ai trust --install):',
  ),
  programs: text('Or only one program:', 'Ou só um programa:'),
};

/** Ollama is written in Go, which reads SSL_CERT_FILE on Linux and the system's store elsewhere. */
const programLines = (file: string, url: string) => [
  { what: 'curl', line: `curl --cacert '${file}' ${url}/api/v1/models` },
  { what: 'Python (httpx, openai)', line: `export SSL_CERT_FILE='${file}'` },
  { what: 'Python (requests)', line: `export REQUESTS_CA_BUNDLE='${file}'` },
  { what: 'Node', line: `export NODE_EXTRA_CA_CERTS='${file}'` },
  { what: 'Ollama', line: `SSL_CERT_FILE='${file}' OLLAMA_HOST=${url} ollama list` },
];

/** Its own machine needs no running cluster for this. */
async function findAuthority(context: Context) {
  const path = authorityFile(context.folder);
  if (context.isRemote || !existsSync(path)) return context.connect().getCertificateAuthority({ signal: context.signal });
  const { fingerprintOf } = await import('@cluster-ai/runtime');
  const { X509Certificate } = await import('node:crypto');
  const certificate = readFileSync(path, 'utf8');
  return { certificate, fingerprint: fingerprintOf(new X509Certificate(certificate).publicKey) };
}

/** Anybody may read it: the copy that programs are given. */
function writeCopy({ folder }: Context, certificate: string): string {
  const file = join(folder.root, 'authority.pem');
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  writeFileSync(file, certificate);
  chmodSync(file, 0o644);
  return file;
}

function print({ terminal }: Context, { certificate, fingerprint, file, installedAt, programs, systems }: Report): void {
  const list = (title: (typeof texts)[keyof typeof texts], lines: readonly z.infer<typeof lineShape>[]) => {
    terminal.progress(`\n${terminal.say(title)}`);
    for (const { what, line } of lines) terminal.progress(`  ${what}:\n    ${line}`);
  };
  terminal.progress(fill(terminal.say(texts.file), { file }));
  terminal.progress(fill(terminal.say(texts.fingerprint), { fingerprint }));
  if (installedAt === null) list(texts.systems, systems);
  else terminal.progress(fill(terminal.say(texts.installed), { path: installedAt }));
  list(texts.programs, programs);
  terminal.progress('');
  terminal.data(certificate.trimEnd());
}

export const trust = defineVerb({
  path: 'trust',
  summary: text(
    'Show the certificate of the cluster’s own authority, or have this system trust it',
    'Mostra o certificado da autoridade do cluster, ou faz este sistema confiar nele',
  ),
  examples: [
    'cluster-ai trust > cluster.pem',
    'sudo cluster-ai trust --install --data-dir ~/.cluster-ai',
    'cluster-ai trust --url https://server:3000 --ca-fingerprint FINGERPRINT',
  ],
  flags: {
    install: flag(
      '--install',
      z.boolean().default(false),
      text('Have the whole system trust it (needs an administrator)', 'Faz o sistema inteiro confiar nele (precisa de administrador)'),
    ),
  },
  output: reportShape,
  async run(context, _positionals, { install }) {
    const authority = await findAuthority(context);
    const file = writeCopy(context, authority.certificate);
    const name = `cluster-ai-${authority.fingerprint.replace(/[^a-z0-9]/gi, '').slice(0, 8)}`;
    const url = context.isRemote ? context.address() : (findClusterRecord(context.folder)?.url ?? 'https://localhost:3000');
    return {
      ...authority,
      file,
      installedAt: install ? installAuthority(file, name) : null,
      programs: programLines(file, url),
      systems: [...installLines(file, name)],
    };
  },
  print,
});
