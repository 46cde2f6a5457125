import { Box, LayoutDashboard, type LucideIcon, MessageSquare, Server } from 'lucide-react';

/** The pages that the navigation and the palette lead to. */
export const destinations: readonly {
  readonly to: '/' | '/chat' | '/nodes' | '/models';
  readonly key: 'overview' | 'chat' | 'nodes' | 'models';
  readonly icon: LucideIcon;
}[] = [
  { to: '/', key: 'overview', icon: LayoutDashboard },
  { to: '/chat', key: 'chat', icon: MessageSquare },
  { to: '/nodes', key: 'nodes', icon: Server },
  { to: '/models', key: 'models', icon: Box },
];
