import { isClusterError, type Permission } from '@cluster-ai/contracts';
import {
  BadgeCheck,
  Box,
  Cpu,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  MessageSquare,
  ScrollText,
  Server,
  Settings,
  ShieldCheck,
  UserRound,
  Users,
  Vault,
} from 'lucide-react';
import { useMe } from '../api/queries.ts';

export interface Destination {
  readonly to:
    | '/'
    | '/chat'
    | '/nodes'
    | '/models'
    | '/compute'
    | '/keys'
    | '/people'
    | '/roles'
    | '/secrets'
    | '/audit'
    | '/certificates'
    | '/settings'
    | '/profile';
  readonly key:
    | 'overview'
    | 'chat'
    | 'nodes'
    | 'models'
    | 'compute'
    | 'keys'
    | 'people'
    | 'roles'
    | 'secrets'
    | 'audit'
    | 'certificates'
    | 'settings'
    | 'profile';
  readonly icon: LucideIcon;
  /** Who lacks it is not led there. */
  readonly permission: Permission;
  /** `access`: who may do what, below the daily work; `self`: beside the name of who is signed in. */
  readonly group: 'work' | 'access' | 'self';
}

/** The pages that the navigation and the palette lead to. */
const destinations: readonly Destination[] = [
  { to: '/', key: 'overview', icon: LayoutDashboard, permission: 'cluster:read', group: 'work' },
  { to: '/chat', key: 'chat', icon: MessageSquare, permission: 'chats:read', group: 'work' },
  { to: '/nodes', key: 'nodes', icon: Server, permission: 'nodes:read', group: 'work' },
  { to: '/models', key: 'models', icon: Box, permission: 'models:read', group: 'work' },
  { to: '/compute', key: 'compute', icon: Cpu, permission: 'compute:read', group: 'work' },
  { to: '/keys', key: 'keys', icon: KeyRound, permission: 'keys:read', group: 'access' },
  { to: '/people', key: 'people', icon: Users, permission: 'people:read', group: 'access' },
  { to: '/roles', key: 'roles', icon: ShieldCheck, permission: 'people:read', group: 'access' },
  { to: '/secrets', key: 'secrets', icon: Vault, permission: 'secrets:read', group: 'access' },
  { to: '/audit', key: 'audit', icon: ScrollText, permission: 'audit:read', group: 'access' },
  { to: '/certificates', key: 'certificates', icon: BadgeCheck, permission: 'certificates:read', group: 'access' },
  { to: '/settings', key: 'settings', icon: Settings, permission: 'config:read', group: 'access' },
  { to: '/profile', key: 'profile', icon: UserRound, permission: 'self:read', group: 'self' },
];

/** The pages that whoever sits here may open. Until that is known, those of the daily work, so that nothing jumps for most. */
export function useDestinations(): readonly Destination[] {
  const { data: me, error } = useMe();
  if (me) return destinations.filter(({ permission }) => me.permissions.includes(permission));
  return isClusterError(error) && error.status === 401 ? [] : destinations.filter(({ group }) => group === 'work');
}
