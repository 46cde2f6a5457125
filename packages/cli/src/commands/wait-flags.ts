import { z } from 'zod';
import { text } from '../output/language.ts';
import { flag } from '../verb.ts';

/** `--wait ready --timeout 60`, the same wherever something can become ready. */
export const waitFlags = {
  wait: flag(
    '--wait <state>',
    z.literal('ready').optional(),
    text('Wait until it is "ready"; exit code 6 when it is not in time', 'Espera até ficar "ready"; código 6 se não ficar a tempo'),
  ),
  timeout: flag('--timeout <seconds>', z.coerce.number().positive().default(60), text('How long to wait', 'Quanto tempo esperar')),
};
