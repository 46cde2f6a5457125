import { type ApiKey, apiKeyListShape } from '@cluster-ai/contracts';
import { formatAge, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { type Context, defineVerb } from '../../verb.ts';

const headings = [
  text('KEY', 'CHAVE'),
  text('ROLE', 'PAPEL'),
  text('STATE', 'ESTADO'),
  text('MODELS', 'MODELOS'),
  text('USED', 'USADA'),
  text('ID', 'ID'),
];
const states = {
  active: text('active', 'ativa'),
  expired: text('expired', 'expirada'),
  revoked: text('revoked', 'revogada'),
};

function toState({ revokedAt, expiresAt }: ApiKey, nowMs: number): keyof typeof states {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'active';
}

export function printKeys({ terminal }: Context, keys: readonly ApiKey[]): void {
  const now = Date.now();
  const rows = keys.map((key) => [
    key.name,
    key.role,
    terminal.say(states[toState(key, now)]),
    key.models?.join(', ') ?? '*',
    key.lastUsedAt === null ? '-' : formatAge(Date.parse(key.lastUsedAt), now),
    key.id,
  ]);
  printTable(terminal, headings.map(terminal.say), rows);
}

export const keysLs = defineVerb({
  path: 'keys ls',
  summary: text('List the keys of programs', 'Lista as chaves dos programas'),
  examples: ['cluster-ai keys ls', "cluster-ai keys ls --json | jq -r '.keys[] | select(.lastUsedAt == null) | .id'"],
  output: apiKeyListShape,
  run: async (context) => ({ keys: [...(await context.connect().listKeys({ signal: context.signal }))] }),
  print: (context, { keys }) => printKeys(context, keys),
});
