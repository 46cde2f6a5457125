import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ClusterError, reasons } from '@cluster-ai/contracts';

const run = promisify(execFile);
const ASK_MS = 20_000;

/** A Python of this machine. */
export interface FoundPython {
  readonly path: string;
  /** `3.11` */
  readonly minor: string;
}

/** Newest first: whoever has several gets the newest that the locked packages are tried with. */
const usualNames = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'];
const leastMinor = 10;

const question = 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])';

/** `undefined` for what is no Python 3.10 or newer. A name may be there and not work, as those of version managers are. */
async function ask(command: string): Promise<FoundPython | undefined> {
  try {
    const { stdout } = await run(command, ['-I', '-c', question], { timeout: ASK_MS });
    const [path = '', minor = ''] = stdout.trim().split('\n');
    const [major, number] = minor.split('.').map(Number);
    return path !== '' && major === 3 && (number ?? 0) >= leastMinor ? { path, minor } : undefined;
  } catch {
    return undefined;
  }
}

export interface PythonWish {
  /** `compute.python`; empty looks for one. */
  readonly named: string;
  /** Only this minor version, for example 3.11: that of the scheduler. */
  readonly minor?: string | undefined;
}

/** Throws `compute_unavailable` with the reason `python_missing` or `python_differs` as its detail. */
export async function findPython({ named, minor }: PythonWish): Promise<FoundPython> {
  const names = named !== '' ? [named] : minor === undefined ? usualNames : [`python${minor}`, ...usualNames];
  let other: FoundPython | undefined;
  for (const name of names) {
    const found = await ask(name);
    if (found !== undefined && (minor === undefined || found.minor === minor)) return found;
    other ??= found;
  }
  const reason = other === undefined ? 'python_missing' : 'python_differs';
  throw new ClusterError('compute_unavailable', messageOf(named, minor, other), {
    hint: minor === undefined ? reasons.python_missing.hint : installHint(minor),
    details: { reason },
  });
}

function messageOf(named: string, minor: string | undefined, other: FoundPython | undefined): string {
  if (other !== undefined) return `${other.path} is Python ${other.minor}, and the cluster runs Python ${minor}.`;
  return named === '' ? reasons.python_missing.message : `${named} is no Python 3.10 or newer.`;
}

const installHint = (minor: string) =>
  `Install Python ${minor} here (on Debian: \`apt install python${minor} python${minor}-venv\`), or name it as \`compute.python\` in cluster.yaml.`;
