import { type Model, type Node, type ReasonCode, type State, toCondition } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { findAttention, toFirstSteps, toHealth, toMemory } from './summarize.ts';

const condition = (state: State, reason: ReasonCode) => toCondition(state, reason, 0);
const node = (id: string, state: State, used = 1, total = 4) =>
  ({
    id,
    name: id,
    condition: condition(state, 'serving'),
    metrics: { memoryUsedBytes: used },
    hardware: { memoryBytes: total },
  }) as unknown as Node;
const model = (name: string, state: State) => ({ name, condition: condition(state, 'serving') }) as unknown as Model;

describe('the health of the cluster', () => {
  test('is good when nothing waits for a person, even where a machine was stopped on purpose', () => {
    expect(toHealth([node('a', 'ready')], [model('m', 'ready'), model('n', 'asleep')])).toEqual({
      kind: 'allGood',
      machines: 1,
      readyMachines: 1,
      answeringModels: 1,
    });
    expect(toHealth([node('a', 'ready'), node('b', 'stopped')], [])).toMatchObject({ kind: 'allGood', readyMachines: 1 });
  });

  test('is not when a machine is away or a model has failed', () => {
    expect(toHealth([node('a', 'ready'), node('b', 'unreachable')], []).kind).toBe('someNotReady');
    expect(toHealth([node('a', 'ready')], [model('m', 'failed')]).kind).toBe('someNotReady');
  });

  test('is not when a machine waits to be let in, which is listed', () => {
    const waiting = { ...node('b', 'starting'), condition: condition('starting', 'awaiting_approval') };
    expect(toHealth([node('a', 'ready'), waiting], []).kind).toBe('someNotReady');
    expect(findAttention([node('a', 'ready'), waiting], [], []).map(({ id }) => id)).toEqual(['b']);
  });

  test('has words for no ready machine, and for no machine at all', () => {
    expect(toHealth([node('a', 'unreachable')], []).kind).toBe('noneReady');
    expect(toHealth([], []).kind).toBe('noMachine');
  });
});

test('what waits for a person is listed, machines first; what sleeps or was turned off is not', () => {
  const listener = (name: string, state: State, reason: ReasonCode) => ({
    name,
    address: '127.0.0.1:1',
    condition: condition(state, reason),
  });
  const found = findAttention(
    [node('a', 'ready'), node('b', 'unreachable')],
    [model('m', 'failed'), model('n', 'asleep')],
    [listener('ollama', 'failed', 'port_taken'), listener('registry', 'stopped', 'turned_off')],
  );
  expect(found.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['machine b', 'model m', 'listener ollama']);
});

test('memory is that of the ready machines', () => {
  expect(toMemory([node('a', 'ready', 1, 4), node('b', 'ready', 2, 8), node('c', 'unreachable', 50, 50)])).toEqual({
    usedBytes: 3,
    totalBytes: 12,
  });
  expect(toMemory([])).toBeUndefined();
});

test('the bundled model does not count as one’s own', () => {
  expect(toFirstSteps([node('a', 'ready')], [model('starter', 'ready')], 0)).toEqual({
    hasChat: false,
    hasOwnModel: false,
    hasSecondMachine: false,
  });
  expect(toFirstSteps([node('a', 'ready'), node('b', 'ready')], [model('x', 'ready')], 1)).toEqual({
    hasChat: true,
    hasOwnModel: true,
    hasSecondMachine: true,
  });
});
