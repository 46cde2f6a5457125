import { ClusterError } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { createSessionWatch } from './session-watch.ts';

const ended = new ClusterError('session_ended', 'This session has ended.');

test('a change that was refused because the session has ended is asked about; what a page fetches by itself, or a wrong password, is not', () => {
  const watch = createSessionWatch();
  watch.hear(ended, { isChange: false });
  watch.hear(new ClusterError('credentials_invalid', 'Wrong.'), { isChange: true });
  watch.hear(new ClusterError('forbidden', 'No.'), { isChange: true });
  expect(watch.hasEnded()).toBe(false);
  watch.hear(ended, { isChange: true });
  expect(watch.hasEnded()).toBe(true);
  watch.settle();
  expect(watch.hasEnded()).toBe(false);
});
