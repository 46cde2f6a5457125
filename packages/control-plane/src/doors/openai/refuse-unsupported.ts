import { ClusterError } from '@cluster-ai/contracts';
import type { ChatMessage } from './request-shapes.ts';

const textParts = new Set(['text', 'input_text', 'output_text']);

/** Engines here read text. A picture that is left out silently would give an answer about nothing. */
export function refuseMedia(messages: readonly ChatMessage[]): void {
  for (const [at, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue;
    for (const [index, { type }] of content.entries()) {
      if (textParts.has(type)) continue;
      const param = `messages[${at}].content[${index}]`;
      throw new ClusterError('unsupported_feature', `"${param}" is of type "${type.slice(0, 40)}", and the models here read only text.`, {
        hint: 'Send parts of type "text".',
        param,
      });
    }
  }
}

/** Filling in the middle needs a model and an engine for it. */
export function refuseSuffix(suffix: string | null | undefined): void {
  if (suffix) throw new ClusterError('unsupported_feature', 'Filling in text before a "suffix" is not supported.', { param: 'suffix' });
}
