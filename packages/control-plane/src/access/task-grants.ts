import { randomBytes } from 'node:crypto';
import { ClusterError, type Permission } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';
import { hashSecret } from './people/secret-token.ts';

/** Who handed a task in. */
export interface GrantOwner {
  readonly kind: string;
  readonly id: string;
  readonly ownerId: string;
}

/**
 * Short-lived tokens by which work asks this cluster in the name of whoever handed it in. Only their hashes are here, in memory: they end with
 * their task, and with this process.
 */
export interface TaskGrants {
  /** Told once. An earlier one of the same task ends. */
  mint(taskId: string, owner: GrantOwner): string;
  end(taskId: string): void;
  /** What the owner may do now, as far as work needs it. Throws as the owner's own credential would; `undefined` for what is no token of ours. */
  find(text: string): Caller | undefined;
}

const PREFIX = 'cai_task_';
/** What work asks for: answers of models, and models themselves. Nothing that changes the cluster, whatever its owner may. */
const needed: ReadonlySet<Permission> = new Set<Permission>(['inference:use', 'models:read', 'self:read']);

export interface TaskGrantsDependencies {
  /** Who that is now; throws where there is no such person or key any more. */
  readonly findOwner: (owner: GrantOwner) => Caller;
}

const ended = () =>
  new ClusterError('session_ended', 'The task that this token was for has ended.', {
    hint: 'Use a key of your own: cluster-ai keys create',
  });

export function createTaskGrants({ findOwner }: TaskGrantsDependencies): TaskGrants {
  const ownersByHash = new Map<string, GrantOwner>();
  const hashesByTask = new Map<string, string>();
  const end = (taskId: string) => {
    const hash = hashesByTask.get(taskId);
    hashesByTask.delete(taskId);
    if (hash !== undefined) ownersByHash.delete(hash);
  };
  return {
    mint(taskId, owner) {
      end(taskId);
      const text = `${PREFIX}${randomBytes(32).toString('base64url')}`;
      const hash = hashSecret(text);
      ownersByHash.set(hash, owner);
      hashesByTask.set(taskId, hash);
      return text;
    },
    end,
    find(text) {
      if (!text.startsWith(PREFIX)) return undefined;
      const owner = ownersByHash.get(hashSecret(text));
      if (owner === undefined) throw ended();
      const caller = findOwner(owner);
      return { ...caller, permissions: new Set([...caller.permissions].filter((permission) => needed.has(permission))) };
    },
  };
}
