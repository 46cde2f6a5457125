import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataFolder } from '@cluster-ai/runtime';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import type { Finding, Verdict } from './check.ts';

const WANTED_NODE = 24;
const GIB = 1024 ** 3;
const nothing = text('', '');

const finding = (name: string, verdict: Verdict, en: string, pt: string, fix = nothing): Finding => ({
  name,
  verdict,
  message: text(en, pt),
  fix,
});

export function checkNode(version: string = process.versions.node): Finding {
  const isEnough = Number.parseInt(version, 10) >= WANTED_NODE;
  const fix = text(
    'Start through "npm start" or "npx cluster-ai", which bring the right one.',
    'Inicie por "npm start" ou "npx cluster-ai", que trazem o certo.',
  );
  return finding('node', isEnough ? 'ok' : 'failed', `Node ${version}`, `Node ${version}`, isEnough ? nothing : fix);
}

async function nearestFolder(path: string): Promise<string> {
  return (await stat(path).catch(() => undefined)) === undefined && dirname(path) !== path ? nearestFolder(dirname(path)) : path;
}

/** Looks without making anything: a folder that does not exist yet is fine where it can be made. */
export async function checkDataFolder({ root }: DataFolder): Promise<Finding> {
  const nearest = await nearestFolder(root);
  const canWrite = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!canWrite) {
    const fix = text(
      `Give this user the folder, or name another one with --data-dir.`,
      'Dê a pasta a este usuário, ou indique outra com --data-dir.',
    );
    return finding(
      'data-folder',
      'failed',
      `${nearest} cannot be written by this user.`,
      `${nearest} não pode ser gravada por este usuário.`,
      fix,
    );
  }
  const mode = nearest === root ? (await stat(root)).mode & 0o077 : 0;
  if (mode === 0) return finding('data-folder', 'ok', root, root);
  return finding(
    'data-folder',
    'warning',
    `${root} can be read by other users.`,
    `${root} pode ser lida por outros usuários.`,
    text(`chmod 700 ${root}`, `chmod 700 ${root}`),
  );
}

export async function checkDisk({ root }: DataFolder): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(root));
  const free = bavail * bsize;
  const verdict = free < GIB / 4 ? 'failed' : free < 5 * GIB ? 'warning' : 'ok';
  const fix = text(
    'Free some space, or name a folder on another disk with --data-dir.',
    'Libere espaço, ou indique uma pasta em outro disco com --data-dir.',
  );
  return finding('disk', verdict, `${formatBytes(free)} free`, `${formatBytes(free)} livres`, verdict === 'ok' ? nothing : fix);
}

export function checkMemory(available = process.availableMemory()): Finding {
  const verdict = available < GIB / 2 ? 'failed' : available < 2 * GIB ? 'warning' : 'ok';
  const fix = text('Close other programs, or use smaller models.', 'Feche outros programas, ou use modelos menores.');
  const cores = availableParallelism();
  return finding(
    'memory',
    verdict,
    `${formatBytes(available)} available, ${cores} cores`,
    `${formatBytes(available)} disponíveis, ${cores} núcleos`,
    verdict === 'ok' ? nothing : fix,
  );
}

async function findUpwards(start: string, wanted: string): Promise<string | undefined> {
  const candidate = join(start, 'node_modules', wanted);
  if ((await stat(candidate).catch(() => undefined)) !== undefined) return candidate;
  return dirname(start) === start ? undefined : findUpwards(dirname(start), wanted);
}

/** The embedded engine's binary comes inside a package of the platform; without it no model runs here. */
export async function checkEngine(platform: string = process.platform, arch: string = process.arch): Promise<Finding> {
  const wanted = `@node-llama-cpp/${platform === 'darwin' ? (arch === 'arm64' ? 'mac-arm64-metal' : 'mac-x64') : platform === 'win32' ? `win-${arch}` : `${platform}-${arch}`}`;
  const found = await findUpwards(dirname(fileURLToPath(import.meta.url)), wanted);
  const bins = found === undefined ? [] : await readdir(join(found, 'bins')).catch(() => []);
  if (bins.length > 0) return finding('engine', 'ok', `llama.cpp (${wanted})`, `llama.cpp (${wanted})`);
  const fix = text('Install the dependencies again: npm ci', 'Instale as dependências de novo: npm ci');
  return finding(
    'engine',
    'failed',
    `${wanted} is not installed: no model runs on this machine.`,
    `${wanted} não está instalado: nenhum modelo roda nesta máquina.`,
    fix,
  );
}

/** A clock that stands before this program was made refuses every certificate. */
export async function checkClock(nowMs = Date.now()): Promise<Finding> {
  const { mtimeMs } = await stat(fileURLToPath(import.meta.url));
  const day = 86_400_000;
  if (nowMs > mtimeMs - day) return finding('clock', 'ok', new Date(nowMs).toISOString(), new Date(nowMs).toISOString());
  const fix = text('Set the clock: timedatectl set-ntp true', 'Acerte o relógio: timedatectl set-ntp true');
  return finding(
    'clock',
    'failed',
    `The clock says ${new Date(nowMs).toISOString()}, which is before this program was made.`,
    `O relógio marca ${new Date(nowMs).toISOString()}, antes de este programa ser feito.`,
    fix,
  );
}
