import { createInvitationShape, type Invitation, invitationShape } from '@cluster-ai/contracts';
import qrcode from 'qrcode';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';

const texts = {
  software: text('If the other machine does not have the software yet:', 'Se a outra máquina ainda não tem o programa:'),
  join: text('On the other machine:', 'Na outra máquina:'),
  expires: text('Works once, until {time}. Shown only now.', 'Funciona uma vez, até {time}. Só aparece agora.'),
};

function print({ terminal }: Context, { command, installCommand, expiresAt }: Invitation): void {
  const time = new Date(expiresAt).toLocaleTimeString(terminal.language);
  terminal.data(terminal.say(texts.software));
  terminal.data(`  ${installCommand}`);
  terminal.data('');
  terminal.data(terminal.say(texts.join));
  terminal.data(`  ${terminal.style('cyan', command)}`);
  terminal.data('');
  terminal.data(fill(terminal.say(texts.expires), { time }));
}

export const nodesInvite = defineVerb({
  path: 'nodes invite',
  summary: text('Make the one line that adds another machine', 'Cria a linha que adiciona outra máquina'),
  examples: [
    'cluster-ai nodes invite',
    'cluster-ai nodes invite --name laptop --ttl 3600',
    "cluster-ai nodes invite --json | jq -r '.command'",
  ],
  flags: {
    name: flag(
      '--name <name>',
      createInvitationShape.shape.name,
      text('A name for the machine; its host name when left out', 'Um nome para a máquina; sem ele vale o nome do host'),
    ),
    ttl: flag(
      '--ttl <seconds>',
      z.coerce.number().pipe(z.int().min(60).max(86_400)).default(900),
      text('How long the token is valid', 'Por quanto tempo o token vale'),
    ),
    listenHost: flag(
      '--listen-host <address>',
      createInvitationShape.shape.listenHost,
      text(
        'The address of this machine that the other one can reach; chosen when left out',
        'O endereço desta máquina que a outra alcança; sem ele é escolhido',
      ),
    ),
    qr: flag('--qr', z.boolean().default(false), text('Show the line as a QR code as well', 'Mostra a linha também como código QR')),
  },
  output: invitationShape,
  async run(context, _positionals, { name, ttl, listenHost, qr }) {
    const request = { name, ttlSeconds: ttl, ...(listenHost === undefined ? {} : { listenHost }) };
    const invitation = await context.connect().createInvitation(request, { signal: context.signal });
    if (qr) context.terminal.progress(await qrcode.toString(invitation.command, { type: 'terminal', small: true }));
    return invitation;
  },
  print,
});
