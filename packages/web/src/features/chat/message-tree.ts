import type { ChatMessage } from '@cluster-ai/contracts';

/** A message of the branch that is shown, and the messages that stand beside it: other edits, other answers. */
export interface BranchStep {
  readonly message: ChatMessage;
  /** Ids of all messages with the same parent, oldest first; this message's among them. */
  readonly siblings: readonly string[];
}

function groupByParent(messages: readonly ChatMessage[]): ReadonlyMap<string | null, readonly ChatMessage[]> {
  return Map.groupBy(messages, (message) => message.parentId);
}

/** The way from the first message to the head. Empty where the head is unknown. */
export function toBranch(messages: readonly ChatMessage[], headId: string | null): readonly BranchStep[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const byParent = groupByParent(messages);
  const steps: BranchStep[] = [];
  const seen = new Set<string>();
  for (
    let at = headId === null ? undefined : byId.get(headId);
    at && !seen.has(at.id);
    at = at.parentId === null ? undefined : byId.get(at.parentId)
  ) {
    seen.add(at.id);
    steps.push({ message: at, siblings: (byParent.get(at.parentId) ?? [at]).map(({ id }) => id) });
  }
  return steps.reverse();
}

/** The newest message below one, following the newest child each time: where a branch is taken up again. */
export function findNewestLeaf(messages: readonly ChatMessage[], id: string): string {
  const byParent = groupByParent(messages);
  let leaf = id;
  for (let next = byParent.get(leaf)?.at(-1); next; next = byParent.get(leaf)?.at(-1)) leaf = next.id;
  return leaf;
}

/** The messages with one added, or replaced where it is there already. */
export function upsertMessage(messages: readonly ChatMessage[], message: ChatMessage): readonly ChatMessage[] {
  return messages.some(({ id }) => id === message.id)
    ? messages.map((other) => (other.id === message.id ? message : other))
    : [...messages, message];
}
