import { ClusterError, catalogVersionShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { modelReference, splitVersion } from './model-positionals.ts';
import { printVersion } from './print-version.ts';

export const modelsAllow = defineVerb({
  path: 'models allow',
  summary: text('Let a version be used although something in it is suspicious', 'Permite usar uma versão embora algo nela seja suspeito'),
  examples: ['cluster-ai models allow resnet50:2 --reason "made by our own team"', 'cluster-ai models allow resnet50:2 --undo'],
  positionals: [modelReference],
  flags: {
    reason: flag(
      '--reason <text>',
      z.string().min(1).max(500).optional(),
      text('Why its source is trusted; it goes into the audit record', 'Por que a origem é confiável; vai para o registro de auditoria'),
    ),
    undo: flag('--undo', z.boolean().default(false), text('Take that back', 'Desfaz isso')),
  },
  output: catalogVersionShape,
  async run(context, [reference = ''], { reason, undo }) {
    if ((reason === undefined) !== undo)
      throw new ClusterError('invalid_request', 'Give either --reason TEXT or --undo.', { param: 'reason' });
    const { name, version } = splitVersion(reference);
    return context.connect().allowVersion(name, version, reason, { signal: context.signal });
  },
  print: printVersion,
});
