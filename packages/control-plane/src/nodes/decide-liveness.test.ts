import { describe, expect, test } from 'vitest';
import { decideLiveness, type NodeView, type Verdict } from './decide-liveness.ts';

const ready: Verdict = { state: 'ready', reason: 'serving' };
const late: Verdict = { state: 'degraded', reason: 'heartbeat_late' };
const lost: Verdict = { state: 'unreachable', reason: 'heartbeat_lost' };
const connecting: Verdict = { state: 'starting', reason: 'connecting' };

const view = (more: Partial<NodeView> = {}): NodeView => ({
  id: 'a',
  hasLink: true,
  hasAnswered: true,
  hasConnected: true,
  saidGoodbye: false,
  isApproved: true,
  isCopied: false,
  silenceMs: 0,
  current: ready,
  ...more,
});
const judge = (node: Partial<NodeView>, ownLagMs = 0) => decideLiveness({ nodes: [view(node)], ownLagMs }).verdicts.get('a');
const isSuspecting = (silences: readonly number[], more: Partial<NodeView> = {}) =>
  decideLiveness({ nodes: silences.map((silenceMs, index) => view({ id: `n${index}`, silenceMs, ...more })), ownLagMs: 0 })
    .isSuspectingItself;

describe('one node', () => {
  test.each([
    ['answers', { silenceMs: 3000 }, ready],
    ['is late after three seconds', { silenceMs: 3001 }, late],
    ['is still only late at five', { silenceMs: 5000 }, late],
    ['is lost after five', { silenceMs: 5001 }, lost],
    ['comes back with its first answer', { silenceMs: 10, current: lost }, ready],
    [
      'has joined and never dialled',
      { hasLink: false, hasAnswered: false, hasConnected: false, silenceMs: 1e9 },
      { state: 'starting', reason: 'joined' },
    ],
    ['has dialled and not answered yet', { hasAnswered: false, silenceMs: 10 }, connecting],
    ['dialled and never answered', { hasAnswered: false, silenceMs: 5001 }, lost],
    ['is awaited after our own restart', { hasLink: false, hasAnswered: false, silenceMs: 4000 }, connecting],
    ['did not come back after our own restart', { hasLink: false, hasAnswered: false, silenceMs: 6000 }, lost],
    ['waits for approval', { isApproved: false }, { state: 'starting', reason: 'awaiting_approval' }],
    ['waits for approval and is lost', { isApproved: false, silenceMs: 5001 }, lost],
    ['shares its certificate with another', { isCopied: true }, { state: 'degraded', reason: 'certificate_copied' }],
    ['closed its link without a word', { hasLink: false, silenceMs: 10 }, { state: 'degraded', reason: 'connecting' }],
    ['closed its link and stays away', { hasLink: false, silenceMs: 5001 }, lost],
    ['said goodbye', { hasLink: false, saidGoodbye: true, silenceMs: 1e6 }, { state: 'stopped', reason: 'agent_stopped' }],
  ] satisfies [string, Partial<NodeView>, Verdict][])('a node that %s', (_what, node, verdict) => {
    expect(judge(node)).toEqual(verdict);
  });
});

describe('our own pauses', () => {
  test('nobody is called late or lost when we ourselves were away', () => {
    expect(judge({ silenceMs: 9000 }, 1001)).toEqual(ready);
    expect(judge({ silenceMs: 9000, current: late }, 1001)).toEqual(late);
    expect(judge({ silenceMs: 9000 }, 1000)).toEqual(lost);
  });
  test('good news is believed all the same', () => {
    expect(judge({ silenceMs: 10, current: lost }, 5000)).toEqual(ready);
  });
});

describe('many at once', () => {
  test('more than half of at least three nodes: it is more likely us', () => {
    expect(isSuspecting([6000, 6000, 0])).toBe(true);
    expect(isSuspecting([6000, 6000, 0, 0])).toBe(false);
    expect(isSuspecting([6000, 6000])).toBe(false);
    expect(isSuspecting([6000, 0, 0])).toBe(false);
  });
  test('those that are only late do not count', () => {
    expect(isSuspecting([4000, 4000, 4000])).toBe(false);
  });
  test('nodes that were lost long ago, stopped, or never came are not counted', () => {
    expect(isSuspecting([31_000, 31_000, 6000, 0])).toBe(false);
    expect(isSuspecting([6000, 6000, 6000], { saidGoodbye: true })).toBe(false);
    expect(isSuspecting([6000, 6000, 6000], { hasAnswered: false })).toBe(false);
  });
});
