import type { Config } from '@cluster-ai/contracts';
import { openOutgoingConnections } from '../outgoing/open-outgoing-client.ts';
import { createPost, type Post, type PostDependencies } from './post.ts';
import { createSmtp, type SmtpDependencies } from './send-by-smtp.ts';

type Needs = Pick<SmtpDependencies, 'readSecret'> & Omit<PostDependencies, 'sendMail'>;

/** The post as the configuration wants it; `undefined` where no mail is configured. Throws `config_invalid`. */
export async function openPost({ mail, outgoing }: Config, { readSecret, ...rest }: Needs): Promise<Post | undefined> {
  if (mail === undefined) return undefined;
  return createPost({ sendMail: createSmtp({ config: mail, outgoing: await openOutgoingConnections(outgoing), readSecret }), ...rest });
}
