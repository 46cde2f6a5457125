import type { MailLanguage, OneUseLink, SentLink } from '@cluster-ai/contracts';
import type { Letter } from './compose-letter.ts';
import type { Post } from './post.ts';
import type { MailConfig } from './send-by-smtp.ts';

export interface LinkLetter extends Pick<Letter, 'kind' | 'personName'> {
  readonly to: string;
  readonly language?: MailLanguage | undefined;
  /** Whom it is about, for the audit record. */
  readonly target: string;
}

/** Sends one-use links to people. */
export interface LinkLetters {
  /** Returns at once, as `Post.send`. */
  send(link: OneUseLink, letter: LinkLetter): SentLink;
}

export interface LinkLettersDependencies {
  readonly post: Pick<Post, 'send'>;
  readonly mail: Pick<MailConfig, 'language' | 'address'>;
  readonly clusterName: string;
}

export function createLinkLetters({ post, mail, clusterName }: LinkLettersDependencies): LinkLetters {
  return {
    send(link, { language = mail.language, ...letter }) {
      post.send({
        ...letter,
        language,
        clusterName,
        url: new URL(link.path, mail.address).href,
        expiresAtMs: Date.parse(link.expiresAt),
      });
      return { ...link, mailedTo: letter.to };
    },
  };
}
