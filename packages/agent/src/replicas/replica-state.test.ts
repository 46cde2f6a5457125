import { states } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import type { RunningEngine } from '../engines/engine.ts';
import { describeState, move, moves, progressOf, type ReplicaState } from './replica-state.ts';

const everyState: readonly ReplicaState[] = [
  { phase: 'preparing', step: 'fetching_weights', progress: 0.5 },
  { phase: 'queued' },
  { phase: 'loading', progress: null },
  { phase: 'serving', engine: {} as RunningEngine },
  { phase: 'pausing', reason: 'engine_crashed', details: { message: 'Gone.' } },
  { phase: 'failed', reason: 'invalid_model_file', details: { message: 'Broken.' } },
  { phase: 'stopping' },
  { phase: 'stopped' },
];

describe('moves', () => {
  test('every phase can be stopped, and a stopped replica stays so', () => {
    for (const [phase, next] of Object.entries(moves))
      expect([phase, next.includes('stopping')]).toEqual([phase, phase !== 'stopping' && phase !== 'stopped']);
    expect(moves.stopped).toEqual([]);
  });

  test('only a replica that loaded can serve', () => {
    const before = Object.entries(moves).filter(([, next]) => next.includes('serving'));
    expect(before.map(([phase]) => phase)).toEqual(['loading']);
  });

  test('a move that is not in the table is refused', () => {
    expect(() => move({ phase: 'stopped' }, { phase: 'queued' })).toThrow('from stopped to queued');
  });
});

describe('what people see', () => {
  test('each state has a condition with a sentence', () => {
    for (const state of everyState) {
      const condition = describeState(state, 0);
      expect(states).toContain(condition.state);
      expect(condition.message).not.toBe('');
    }
  });

  test('only a serving replica is ready', () => {
    const ready = everyState.filter((state) => describeState(state, 0).state === 'ready');
    expect(ready.map((state) => state.phase)).toEqual(['serving']);
  });

  test('the engine starts first and then loads, with progress', () => {
    expect(describeState({ phase: 'loading', progress: null }, 0).reason).toBe('engine_starting');
    expect(describeState({ phase: 'loading', progress: 0.1 }, 0).reason).toBe('loading_model');
    expect(progressOf({ phase: 'loading', progress: 0.1 })).toBe(0.1);
    expect(progressOf({ phase: 'queued' })).toBeNull();
  });
});
