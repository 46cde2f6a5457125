import type { OneUseLink } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { PreparedLetter } from '../../mail/post.ts';
import type { Query } from '../../stores/database.ts';
import type { Directory } from './directory.ts';
import { type LinkWish, newLink, storeLink } from './one-use-links.ts';

/** Writes the letter that brings a link to somebody; `about` is the row that the link has. */
export type WriteLetter = (link: OneUseLink, about: { readonly id: string; readonly personId: string }) => Promise<PreparedLetter>;

interface MailedLinkDependencies {
  readonly directory: Pick<Directory, 'change'>;
  readonly clock: Clock;
}

/** A link and the letter with it, in one transaction with what else is to be done. */
export async function addMailedLink(
  { directory, clock }: MailedLinkDependencies,
  wish: LinkWish,
  write: WriteLetter | undefined,
  work: (query: Query) => Promise<void>,
): Promise<OneUseLink> {
  const link = newLink(wish, clock);
  const letter = await write?.(link.told, { id: link.row.id, personId: wish.personId ?? '' });
  await directory.change(async (query) => {
    await work(query);
    await storeLink(query, link);
    await letter?.store(query);
  });
  letter?.begin();
  return link.told;
}
