import type { InferenceAnswer } from '../../gateway/gateway.ts';
import { brokenAnswer } from '../../gateway/read-answer.ts';
import { isLastEvent } from '../../gateway/whole-events.ts';
import type { ClientStream } from '../shared/client-stream.ts';

/** Engine bytes out as they come, whole events, at the client's pace. Rejects when they end without an end mark. */
export function forwardEvents({ body }: Pick<InferenceAnswer, 'body'>, stream: ClientStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: Buffer = Buffer.alloc(0);
    if (body.destroyed) return reject(brokenAnswer(body.errored)); // it broke before anybody listened
    const resume = () => body.resume();
    body.on('data', (events: Buffer) => {
      last = events;
      if (stream.write(events)) return;
      body.pause();
      stream.drained().then(resume, reject);
    });
    body.once('end', () => (isLastEvent(last) ? resolve() : reject(brokenAnswer())));
    body.once('error', (error) => reject(brokenAnswer(error)));
    body.once('close', () => reject(brokenAnswer())); // changes nothing after `end` or `error`
  });
}
