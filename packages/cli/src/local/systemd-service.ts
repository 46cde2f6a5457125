import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ServiceWish {
  /** `cluster-ai` or `cluster-ai-node`. */
  readonly name: string;
  readonly description: string;
  readonly command: readonly string[];
}

export interface ServiceOutcome {
  readonly unit: string;
  readonly path: string;
  readonly isInstalled: boolean;
  /** Why systemd could not be asked, where it could not. */
  readonly problem: string | null;
  /** Whether it also starts before this person signs in. */
  readonly isLingering: boolean;
}

// in a unit file % begins a specifier and $ a variable; quotes keep spaces together
const quote = (word: string) => `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** The text of the unit. */
export function toUnit({ description, command }: ServiceWish): string {
  return `[Unit]
Description=${description}

[Service]
Type=exec
ExecStart=${command.map(quote).join(' ')}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=10
UMask=0077

[Install]
WantedBy=default.target
`;
}

type Environment = Readonly<Record<string, string | undefined>>;

const unitPath = (name: string, environment: Environment): string =>
  join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd', 'user', `${name}.service`);

async function isLingering(): Promise<boolean> {
  const { stdout } = await run('loginctl', ['show-user', userInfo().username, '--property=Linger']).catch(() => ({ stdout: '' }));
  return stdout.trim() === 'Linger=yes';
}

const toProblem = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).split('\n')[0] ?? '';
};

/** Writes the unit, enables it and starts it. Where there is no systemd for users nothing is written, and the problem says why. */
export async function installService(wish: ServiceWish, environment: Environment): Promise<ServiceOutcome> {
  const unit = toUnit(wish);
  const path = unitPath(wish.name, environment);
  try {
    await run('systemctl', ['--user', 'show-environment']);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, unit);
    await run('systemctl', ['--user', 'daemon-reload']);
    await run('systemctl', ['--user', 'enable', '--now', `${wish.name}.service`]);
    return { unit, path, isInstalled: true, problem: null, isLingering: await isLingering() };
  } catch (error) {
    return { unit, path, isInstalled: false, problem: toProblem(error), isLingering: false };
  }
}
