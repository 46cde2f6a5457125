import { ClusterError, generateAnswerShape, generateRequestShape, toClusterError } from '@cluster-ai/contracts';
import type { z } from 'zod';
import type { InferenceAnswer } from '../../gateway/gateway.ts';
import { readCompletion } from '../../gateway/read-completion.ts';
import { openEventStream } from './event-stream.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

type GenerateRequest = z.output<typeof generateRequestShape>;

function toChatBody({ prompt, options: { system, ...options } }: GenerateRequest): Uint8Array {
  const messages = [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content: prompt }];
  return Buffer.from(JSON.stringify({ messages, stream: true, stream_options: { include_usage: true }, ...options }));
}

/** Hands over each piece of text as it comes, and returns the whole answer. */
async function collect(
  answer: InferenceAnswer,
  elapsedMs: () => number,
  onText: (text: string) => void,
): Promise<z.output<typeof generateAnswerShape>> {
  let response = '';
  let finishReason = 'stop';
  let usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  for await (const part of readCompletion(answer.body)) {
    if (part.type === 'text') {
      response += part.text;
      onText(part.text);
    } else if (part.type === 'finish') finishReason = part.reason;
    else
      usage = {
        prompt_tokens: part.promptTokens,
        completion_tokens: part.completionTokens,
        total_tokens: part.promptTokens + part.completionTokens,
      };
  }
  return {
    response,
    model: answer.model.reference,
    node: answer.node.name,
    finish_reason: finishReason,
    usage,
    duration_ms: Math.round(elapsedMs()),
  };
}

export function generateRoutes({ gateway, clock }: NativeDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'POST',
      path: '/generate',
      permission: 'inference:use',
      takesPrompts: true,
      tag: 'inference',
      summary: 'Answer one prompt',
      body: generateRequestShape,
      answer: generateAnswerShape,
      handle: async ({ body, request, reply, signal }) => {
        const startedAt = clock.monotonic();
        const answer = await gateway.serve({
          path: '/v1/chat/completions',
          model: body.model ?? '',
          body: toChatBody(body),
          requestId: request.id,
          caller: request.caller,
          signal,
        });
        const elapsedMs = () => clock.monotonic() - startedAt;
        if (!body.stream) return collect(answer, elapsedMs, () => {});
        const stream = openEventStream(reply);
        try {
          const whole = await collect(answer, elapsedMs, (text) => stream.send({ type: 'text', response: text }));
          stream.send({ type: 'done', ...whole, done: true });
        } catch (thrown) {
          const { code, message, hint } = toClusterError(thrown);
          if (!(thrown instanceof ClusterError && code === 'cancelled')) stream.send({ type: 'error', code, message, hint });
        }
        stream.end();
        return undefined;
      },
    }),
  ];
}
