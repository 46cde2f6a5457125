import type { Permission } from '@cluster-ai/contracts';
import { useMe } from './queries.ts';

/** Whether whoever sits here may do something; no, until it is known. The server decides: this only leaves out what it would refuse. */
export function useMay(): (permission: Permission) => boolean {
  const { data: me } = useMe();
  return (permission) => me?.permissions.includes(permission) ?? false;
}
