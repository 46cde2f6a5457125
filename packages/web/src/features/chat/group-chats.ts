import type { Chat } from '@cluster-ai/contracts';

export const chatGroups = ['pinned', 'today', 'yesterday', 'week', 'older'] as const;
export type ChatGroup = (typeof chatGroups)[number];

/** Midnights lie a calendar day apart, which is not always 24 hours. */
function startOfDay(now: number, daysBefore: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - daysBefore).getTime();
}

function toGroup(chat: Chat, now: number): ChatGroup {
  const at = new Date(chat.updatedAt).getTime();
  if (chat.isPinned) return 'pinned';
  if (at >= startOfDay(now, 0)) return 'today';
  if (at >= startOfDay(now, 1)) return 'yesterday';
  return at >= startOfDay(now, 7) ? 'week' : 'older';
}

/** The chats by when they were last used, pinned ones first; groups without chats are left out. */
export function groupChats(chats: readonly Chat[], now: number): readonly { readonly group: ChatGroup; readonly chats: readonly Chat[] }[] {
  const byGroup = Map.groupBy(chats, (chat) => toGroup(chat, now));
  return chatGroups.flatMap((group) => {
    const members = byGroup.get(group);
    return members ? [{ group, chats: members }] : [];
  });
}
