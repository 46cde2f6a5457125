import type { MailLanguage, OneUseLink } from '@cluster-ai/contracts';
import type { Letter } from './compose-letter.ts';
import type { PostedLetter } from './outbox.ts';
import type { Post, PreparedLetter } from './post.ts';
import type { MailConfig } from './send-by-smtp.ts';

export interface LinkLetter extends Pick<Letter, 'kind' | 'personName'>, Pick<PostedLetter, 'target' | 'linkId'> {
  readonly to: string;
  readonly language?: MailLanguage | undefined;
}

/** Letters that bring one-use links to people. */
export interface LinkLetters {
  /** As `Post.prepare`. */
  prepare(link: OneUseLink, letter: LinkLetter): Promise<PreparedLetter>;
}

export interface LinkLettersDependencies {
  readonly post: Pick<Post, 'prepare'>;
  readonly mail: Pick<MailConfig, 'language' | 'address'>;
  readonly clusterName: string;
}

export function createLinkLetters({ post, mail, clusterName }: LinkLettersDependencies): LinkLetters {
  return {
    prepare: (link, { language = mail.language, ...letter }) =>
      post.prepare({
        ...letter,
        language,
        clusterName,
        url: new URL(link.path, mail.address).href,
        expiresAtMs: Date.parse(link.expiresAt),
      }),
  };
}
