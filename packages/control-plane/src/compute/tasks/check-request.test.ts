import { type TaskInput, taskRequestShape } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../access/caller.ts';
import { permissionsOf } from '../../access/roles.ts';
import { toDaskResources } from './capacity.ts';
import { type CheckDependencies, checkRequest } from './check-request.ts';

const versions = { python: '3.11.7', dask: '1', distributed: '1', cloudpickle: '1' };
const ana: Caller = {
  kind: 'person',
  id: 'ana',
  ownerId: 'ana',
  name: 'ana',
  role: 'developer',
  permissions: permissionsOf('developer'),
  models: ['lab/*'],
};
const python = (input: object, more: Partial<TaskInput> = {}) => taskRequestShape.parse({ type: 'python', input, ...more });
const codeOf = (request: Parameters<typeof checkRequest>[1], more: Partial<CheckDependencies> = {}, caller = ana) => {
  const dependencies: CheckDependencies = {
    codeRoles: [],
    versions: () => versions,
    findCapacity: () => [{ resources: { GPU: 1, POOL_gpu: 1, NODE_n1: 1 }, memoryLimitBytes: 8e9 }],
    findNode: (name) => (name === 'desk' ? 'n1' : undefined),
    ...more,
  };
  try {
    checkRequest(caller, request, dependencies);
    return 'fine';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('code of the caller’s own', () => {
  const pickle = { pickle: 'aGk=', pythonVersion: '3.11' };

  test('is taken of roles that an admin named, and of keys that have the right', () => {
    for (const input of [{ source: 'def main(): pass' }, pickle]) {
      expect(codeOf(python(input))).toBe('code_not_allowed');
      expect(codeOf(python(input), { codeRoles: ['admin'] })).toBe('code_not_allowed');
      expect(codeOf(python(input), { codeRoles: ['developer'] })).toBe('fine');
      const key = { ...ana, permissions: new Set([...ana.permissions].filter((permission) => permission !== 'tasks:code')) };
      expect(codeOf(python(input), { codeRoles: ['developer'] }, key)).toBe('code_not_allowed');
    }
    expect(codeOf(python({ function: 'add' }))).toBe('fine');
    expect(codeOf(python({ function: 'add', source: 'x' }))).toBe('invalid_request');
  });

  test('that was pickled by another Python is refused here, not by a worker that dies of it', () => {
    const may = { codeRoles: ['developer'] as const };
    expect(codeOf(python({ ...pickle, pythonVersion: '3.11.2' }), may)).toBe('fine');
    expect(codeOf(python({ ...pickle, pythonVersion: '3.12' }), may)).toBe('python_mismatch');
    expect(codeOf(python({ ...pickle, pythonVersion: '3.1' }), may)).toBe('python_mismatch');
    expect(codeOf(python({ pickle: 'aGk=' }), may)).toBe('invalid_request');
    expect(codeOf(python(pickle), { ...may, versions: () => undefined })).toBe('compute_unavailable');
  });
});

test('what no worker has or could have is refused at the door', () => {
  const wish = (resources: TaskInput['resources']) => python({ function: 'f' }, { resources });
  expect(codeOf(wish({ gpu: 1, memory: '8GB', node: 'desk', pool: 'gpu' }))).toBe('fine');
  for (const resources of [{ gpu: 2 }, { memory: '9GB' }, { node: 'nowhere' }, { pool: 'phone' }])
    expect(codeOf(wish(resources))).toBe('resources_impossible');
  expect(codeOf(wish({ memory: 'much' }))).toBe('invalid_request');
  expect(codeOf(wish({ gpu: 2 }), { findCapacity: () => undefined })).toBe('fine'); // nobody knows yet
});

test('a model that the caller may not use is one that is not there', () => {
  const infer = (model: string) => taskRequestShape.parse({ type: 'ai_inference', input: { model, prompt: 'hi' } });
  expect(codeOf(infer('lab/small:v2'))).toBe('fine');
  expect(codeOf(infer('secret'))).toBe('model_not_found');
});

test('places are named by resources, of which a task takes next to nothing', () => {
  const inference = { type: 'ai_inference', resources: {} } as const;
  expect(toDaskResources(inference, undefined)).toEqual({ GATEWAY: 1 });
  expect(toDaskResources({ type: 'python', resources: { gpu: 1, pool: 'gpu' } }, 'n1')).toEqual({
    GPU: 1,
    POOL_gpu: 1 / 1024,
    NODE_n1: 1 / 1024,
  });
  expect(toDaskResources({ type: 'python', resources: {} }, undefined)).toEqual({});
});
