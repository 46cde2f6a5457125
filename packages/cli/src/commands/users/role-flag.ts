import { roleShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { flag } from '../../verb.ts';

export const roleFlag = flag(
  '--role <role>',
  roleShape.default('developer'),
  text('admin, operator, developer or viewer', 'admin, operator, developer ou viewer'),
);
