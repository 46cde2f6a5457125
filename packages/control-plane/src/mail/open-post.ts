import { ClusterError, type Config } from '@cluster-ai/contracts';
import { openOutgoingConnections } from '../outgoing/open-outgoing-client.ts';
import { createPost, type Post, type PostDependencies } from './post.ts';
import { createSmtp, type SendMail, type SmtpDependencies } from './send-by-smtp.ts';

type Needs = Pick<SmtpDependencies, 'readSecret'> & Omit<PostDependencies, 'sendMail'>;

/** What waits from before the configuration was changed is not lost at once: it may be changed back. */
const refuse: SendMail = () => Promise.reject(new ClusterError('remote_failed', 'No mail server is configured any more.'));

/** The post as the configuration wants it. Throws `config_invalid`. */
export async function openPost({ mail, outgoing }: Config, { readSecret, ...rest }: Needs): Promise<Post> {
  if (mail === undefined) return createPost({ sendMail: refuse, ...rest });
  return createPost({ sendMail: createSmtp({ config: mail, outgoing: await openOutgoingConnections(outgoing), readSecret }), ...rest });
}
