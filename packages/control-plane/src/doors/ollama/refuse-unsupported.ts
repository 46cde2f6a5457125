import { ClusterError } from '@cluster-ai/contracts';
import type { ChatRequest, GenerateRequest } from './request-shapes.ts';

function refuse(param: string, what: string, hint: string): never {
  throw new ClusterError('unsupported_feature', `"${param}": ${what}`, { param, hint });
}

const READS_TEXT = 'the models here read only text.';
const TEXT_ONLY = 'Send the request without images.';

/** What would change the answer and cannot be done is refused, not ignored. */
export function refuseInGenerate({ suffix, template, raw, context, images, logprobs }: GenerateRequest, hasTemplate: boolean): void {
  if (suffix) refuse('suffix', 'filling in text before a suffix is not supported.', 'Send "prompt" alone.');
  if (images?.length) refuse('images', READS_TEXT, TEXT_ONLY);
  if (context?.length) refuse('context', 'continuing from tokens is not supported.', 'Use /api/chat with the earlier messages.');
  if (template && !raw)
    refuse(
      'template',
      "the model's own template is used.",
      'Leave "template" out, or send the finished text as "prompt" with "raw": true.',
    );
  if (logprobs && (raw || !hasTemplate)) refuse('logprobs', 'only chats have them.', 'Use /api/chat.');
}

export function refuseInChat({ messages }: ChatRequest): void {
  const at = (messages ?? []).findIndex(({ images }) => images && images.length > 0);
  if (at >= 0) refuse(`messages[${at}].images`, READS_TEXT, TEXT_ONLY);
}
