import { userInfo } from 'node:os';
import { z } from 'zod';
import { installService, type ServiceOutcome } from '../../local/systemd-service.ts';
import { fill, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

export const serviceReportShape = z.object({
  unit: z.string().describe('The text of the systemd unit.'),
  path: z.string(),
  isInstalled: z.boolean(),
  problem: z.string().nullable().describe('Why it was not installed.'),
  isLingering: z.boolean().describe('Whether it starts at boot, before anybody signs in.'),
  notes: z.array(z.string()).describe('For people: what was done and what is left to do.'),
});
export type ServiceReport = z.infer<typeof serviceReportShape>;

const texts = {
  installed: text('Wrote {path}, enabled and started it.', 'Gravei {path}, habilitei e iniciei o serviço.'),
  linger: text(
    'To have it start at boot before anybody signs in: loginctl enable-linger {user}',
    'Para iniciar no boot antes de alguém entrar: loginctl enable-linger {user}',
  ),
  logs: text('Its output: journalctl --user -u {name}', 'A saída dele: journalctl --user -u {name}'),
  unavailable: text(
    'This user has no systemd here ({problem}), so nothing was written. On a machine that has it, save this as {path}:',
    'Este usuário não tem systemd aqui ({problem}); nada foi gravado. Em uma máquina que tenha, salve isto em {path}:',
  ),
};

function toNotes({ terminal }: Context, name: string, outcome: ServiceOutcome): string[] {
  const say = (message: (typeof texts)[keyof typeof texts]) =>
    fill(terminal.say(message), { path: outcome.path, problem: outcome.problem ?? '', user: userInfo().username, name });
  if (!outcome.isInstalled) return [say(texts.unavailable), outcome.unit];
  return [say(texts.installed), ...(outcome.isLingering ? [] : [say(texts.linger)]), say(texts.logs)];
}

async function install(context: Context, name: string, description: string, args: readonly string[]): Promise<ServiceReport> {
  const outcome = await installService({ name, description, command: [...context.selfCommand, ...args] }, context.environment);
  return { ...outcome, notes: toNotes(context, name, outcome) };
}

const toFlags = (options: Readonly<Record<string, unknown>>) => [
  ...Object.entries({
    port: '--port',
    ollamaPort: '--ollama-port',
    registryPort: '--registry-port',
    linkPort: '--link-port',
    logLevel: '--log-level',
  }).flatMap(([key, flag]) => (options[key] === undefined ? [] : [flag, String(options[key])])),
  ...(options['insecurePlainHttpOnNetwork'] === true ? ['--insecure-plain-http-on-network'] : []),
];

/** `up` at boot, with the options that were given now. */
export const installUpService = (context: Context, options: Readonly<Record<string, unknown>>): Promise<ServiceReport> =>
  install(context, 'cluster-ai', 'Cluster AI', ['up', '--no-open', '--data-dir', context.folder.root, ...toFlags(options)]);

/** `join` at boot, with the identity that the folder holds. */
export const installJoinService = (context: Context): Promise<ServiceReport> =>
  install(context, 'cluster-ai-node', 'Cluster AI node', ['join', '--data-dir', context.folder.root]);
