import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventParser, readServerSentEvents } from './server-sent-events.ts';

const parse = (...pieces: readonly string[]) => {
  const parser = createEventParser();
  return pieces.flatMap((piece) => [...parser.push(piece)]);
};

describe('server-sent events', () => {
  test('an event has its name, its data and the id', () => {
    expect(parse('id: 7\nevent: node.changed\ndata: {"a":1}\n\n')).toEqual([{ id: '7', event: 'node.changed', data: '{"a":1}' }]);
  });

  test('lines of data are joined, and the id stays for the events that bring none', () => {
    expect(parse('id: 7\ndata: a\ndata: b\n\ndata: c\n\n')).toEqual([
      { id: '7', event: 'message', data: 'a\nb' },
      { id: '7', event: 'message', data: 'c' },
    ]);
  });

  test('comments and events without data are skipped', () => {
    expect(parse(': still here\n\nevent: empty\n\ndata: x\n\n')).toEqual([{ id: '', event: 'message', data: 'x' }]);
  });

  test('an unfinished event is not given', () => {
    expect(parse('data: x\n')).toEqual([]);
  });

  test('wherever the text is cut, with any line break, the events are the same', () => {
    const whole = 'id: 1\r\nevent: a\r\ndata: é\r\n\r\n: c\rdata: z\r\rdata: last\n\n';
    const expected = parse(whole);
    expect(expected).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts, whole.length].sort((a, b) => a - b);
        const pieces = ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
        expect(parse(...pieces)).toEqual(expected);
      }),
    );
  });

  test('a character that is cut in two arrives whole, and every piece counts as activity', async () => {
    const bytes = new TextEncoder().encode('data: olá\n\n');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    let activity = 0;
    const events = await Array.fromAsync(readServerSentEvents(body, () => activity++));
    expect(events.map((event) => event.data)).toEqual(['olá']);
    expect(activity).toBe(bytes.length);
  });
});
