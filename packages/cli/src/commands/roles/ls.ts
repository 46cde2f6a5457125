import { permissions, roleListShape } from '@cluster-ai/contracts';
import { printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const permission = text('PERMISSION', 'PERMISSÃO');

export const rolesLs = defineVerb({
  path: 'roles ls',
  summary: text('Show which role may do what', 'Mostra que papel pode fazer o quê'),
  examples: ['cluster-ai roles ls', 'cluster-ai roles ls --json | jq -r \'.roles[] | select(.role == "viewer") | .permissions[]\''],
  output: roleListShape,
  run: (context) => context.connect().listRoles({ signal: context.signal }),
  print({ terminal }, { roles }) {
    const rows = permissions
      .filter((name) => name !== 'public')
      .map((name) => [name, ...roles.map((role) => (role.permissions.includes(name) ? '✓' : '-'))]);
    printTable(terminal, [terminal.say(permission), ...roles.map(({ role }) => role.toUpperCase())], rows);
  },
});
