import { createHash } from 'node:crypto';
import { ClusterError, type ComputeVersions, phrase, type Role, type TaskRequest } from '@cluster-ai/contracts';
import type { Caller } from '../../access/caller.ts';
import { checkModelGrant } from '../../access/model-grants.ts';
import { type CapacityDependencies, checkPossible } from './capacity.ts';

export interface CheckDependencies extends CapacityDependencies {
  /** Roles whose tasks may bring code. */
  readonly codeRoles: readonly Role[];
  /** Of the cluster, once its bridge has told. */
  readonly versions: () => ComputeVersions | undefined;
}

const minorOf = (version: string) => version.split('.').slice(0, 2).join('.');

/** The digest of the code that a task brings; `undefined` where it brings none. */
export function digestOfCode({ type, input }: TaskRequest): string | undefined {
  const code = type === 'python' ? (input.source ?? input.pickle) : undefined;
  return code === undefined ? undefined : `sha256:${createHash('sha256').update(code).digest('hex')}`;
}

function checkCode(caller: Caller, request: TaskRequest, { codeRoles, versions }: CheckDependencies): void {
  if (digestOfCode(request) === undefined || request.type !== 'python') return;
  if (!caller.permissions.has('tasks:code') || caller.role === null || !codeRoles.includes(caller.role))
    throw new ClusterError('code_not_allowed', phrase('task_code'), { param: 'input', hint: phrase('task_code_hint') });
  const { pickle, pythonVersion } = request.input;
  if (pickle === undefined) return;
  if (pythonVersion === undefined)
    throw new ClusterError('invalid_request', phrase('task_python_missing'), { param: 'input.pythonVersion' });
  const wanted = versions()?.python;
  if (wanted === undefined)
    throw new ClusterError('compute_unavailable', 'The version of the cluster’s Python is not known yet.', {
      hint: 'Try again in a moment.',
    });
  if (minorOf(pythonVersion) === minorOf(wanted)) return;
  throw new ClusterError('python_mismatch', phrase('task_python', { given: minorOf(pythonVersion), wanted: minorOf(wanted) }), {
    param: 'input.pythonVersion',
    hint: phrase('task_python_hint', { wanted: minorOf(wanted) }),
  });
}

function checkShape({ type, input }: TaskRequest): void {
  if (type !== 'python') return;
  if ([input.function, input.source, input.pickle].filter((given) => given !== undefined).length === 1) return;
  throw new ClusterError('invalid_request', 'A task of the type python names exactly one of function, source and pickle.', {
    param: 'input',
  });
}

/** What makes a request wrong before anything of it is stored. */
export function checkRequest(caller: Caller, request: TaskRequest, dependencies: CheckDependencies): void {
  checkShape(request);
  checkCode(caller, request, dependencies);
  if (request.type === 'ai_inference' || request.type === 'model') checkModelGrant(caller, request.input.model.split(/[:@]/)[0] ?? '');
  checkPossible(request, dependencies);
}
