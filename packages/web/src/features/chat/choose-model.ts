import type { Model } from '@cluster-ai/contracts';

/** Whether a model can hold a conversation. A file that does not say what it can do gets the benefit of the doubt. */
export function canChat(model: Model): boolean {
  const { capabilities } = model.latest.facts;
  return capabilities.length === 0 || capabilities.includes('chat') || capabilities.includes('completion');
}

/** The model to begin a chat with: the one asked for, else the last one used, else one that is ready, else the first. Empty where there is none. */
export function chooseModel(models: readonly Model[], asked: string | undefined, lastUsed: string | null): string {
  const able = models.filter(canChat);
  const has = (name: string | null | undefined) => able.some((model) => model.name === name);
  if (asked !== undefined && has(asked)) return asked;
  if (lastUsed !== null && has(lastUsed)) return lastUsed;
  return (able.find((model) => model.condition.state === 'ready') ?? able[0])?.name ?? '';
}
