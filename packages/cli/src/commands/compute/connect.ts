import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { computeConnectionShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';

const shape = computeConnectionShape
  .pick({ address: true, expiresAt: true, versions: true })
  .extend({ authority: z.string(), certificate: z.string(), key: z.string() })
  .describe('Paths of the files.');

const texts = {
  until: text(
    'Valid until {time}. Whoever has these files can run anything on every worker.',
    'Vale até {time}. Quem tem estes arquivos pode rodar qualquer coisa em todos os workers.',
  ),
  needs: text(
    'Needs Python {python} with: pip install dask=={dask} distributed=={distributed} cloudpickle=={cloudpickle}',
    'Precisa de Python {python} com: pip install dask=={dask} distributed=={distributed} cloudpickle=={cloudpickle}',
  ),
};

/** Readable by their owner alone from the first byte on, and never half. */
async function writeSecret(path: string, content: string): Promise<void> {
  await rm(`${path}.new`, { force: true }); // one that was left behind would keep its mode
  await writeFile(`${path}.new`, content, { mode: 0o600, flag: 'wx' });
  await rename(`${path}.new`, path);
}

export const computeConnect = defineVerb({
  path: 'compute connect',
  summary: text('Write the certificates for a plain Dask client', 'Grava os certificados para um cliente Dask comum'),
  examples: ['cluster-ai compute connect', 'cluster-ai compute connect --folder ./dask --json'],
  flags: {
    folder: flag(
      '--folder <folder>',
      z.string().optional(),
      text('Where they go; below the data folder when left out', 'Para onde vão; na pasta de dados se não disser'),
    ),
  },
  output: shape,
  async run(context, _positionals, { folder }) {
    const { authority, certificate, key, address, expiresAt, versions } = await context
      .connect()
      .connectCompute({ signal: context.signal });
    const place = folder === undefined ? join(context.folder.root, 'dask-client') : resolve(folder);
    await mkdir(place, { recursive: true, mode: 0o700 });
    await chmod(place, 0o700);
    const paths = { authority: join(place, 'authority.pem'), certificate: join(place, 'certificate.pem'), key: join(place, 'key.pem') };
    await writeSecret(paths.authority, authority);
    await writeSecret(paths.certificate, certificate);
    await writeSecret(paths.key, key);
    return { address, expiresAt, versions, ...paths };
  },
  print({ terminal }, { address, expiresAt, versions, authority, certificate, key }) {
    const python = JSON.stringify; // its strings are Python's too
    terminal.data('from dask.distributed import Client');
    terminal.data('from distributed.security import Security');
    terminal.data(
      `security = Security(tls_ca_file=${python(authority)}, tls_client_cert=${python(certificate)}, tls_client_key=${python(key)}, require_encryption=True)`,
    );
    terminal.data(`client = Client(${python(address)}, security=security)`);
    terminal.progress(fill(terminal.say(texts.needs), versions));
    terminal.progress(fill(terminal.say(texts.until), { time: new Date(expiresAt).toLocaleString(terminal.language) }));
  },
});
