import type { IdentifiedClusterEvent, WatchEventsOptions } from '@cluster-ai/client';
import { describe, expect, test, vi } from 'vitest';
import { runEventStream } from './event-stream.ts';

const event = (id: string): IdentifiedClusterEvent => ({ id, event: { type: 'chat.changed', chatId: id } });

test('after a loss it connects again, and goes on after the last event that it saw', async () => {
  const asked: (string | undefined)[] = [];
  const seen: string[] = [];
  const stop = new AbortController();
  let losses = 0;
  async function* watchEvents({ lastEventId, onActivity, signal }: WatchEventsOptions = {}) {
    asked.push(lastEventId);
    onActivity?.();
    yield event(String(asked.length));
    if (asked.length === 2) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    throw new Error('cut');
  }
  const running = runEventStream({
    cluster: { watchEvents },
    lastEventId: undefined,
    signal: stop.signal,
    onEvent: ({ id }) => seen.push(id),
    onActivity: () => undefined,
    onLoss: () => losses++,
  });
  await vi.waitFor(() => expect(seen).toEqual(['1', '2']), { timeout: 30_000 });
  expect(asked).toEqual([undefined, '1']);
  expect(losses).toBe(1);
  stop.abort();
  await running;
});

describe('a stream that is stopped', () => {
  test('does not connect again', async () => {
    const stop = new AbortController();
    const watchEvents = vi.fn(async function* () {
      stop.abort();
      yield event('1');
    });
    const options = {
      lastEventId: undefined,
      signal: stop.signal,
      onEvent: () => undefined,
      onActivity: () => undefined,
      onLoss: () => undefined,
    };
    await runEventStream({ cluster: { watchEvents }, ...options });
    expect(watchEvents).toHaveBeenCalledTimes(1);
  });
});
