import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { toAuditSearch } from './features/audit/audit-filter.ts';
import { toListSearch } from './features/registry/list-search.ts';
import { toModelTab } from './features/registry/model-tabs.ts';
import { toTaskSearch } from './features/tasks/task-words.ts';
import { CrashPage } from './pages/crash-page.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: lazyRouteComponent(() => import('./pages/not-found-page.tsx'), 'NotFoundPage'),
  errorComponent: CrashPage,
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview-page.tsx'), 'OverviewPage'),
});

const chat = createRoute({
  getParentRoute: () => root,
  path: '/chat',
  /** `model` is the one to begin a new chat with. */
  validateSearch: (search: Record<string, unknown>): { model?: string } =>
    typeof search.model === 'string' ? { model: search.model } : {},
  component: lazyRouteComponent(() => import('./pages/chat-page.tsx'), 'ChatPage'),
});
const newChat = createRoute({
  getParentRoute: () => chat,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/chat-page.tsx'), 'NewChatPage'),
});
const oneChat = createRoute({
  getParentRoute: () => chat,
  path: '$chatId',
  component: lazyRouteComponent(() => import('./pages/chat-page.tsx'), 'OneChatPage'),
});

const nodes = createRoute({
  getParentRoute: () => root,
  path: '/nodes',
  /** `add` opens the dialog for one more machine. */
  validateSearch: (search: Record<string, unknown>): { add?: boolean } => (search.add === true ? { add: true } : {}),
  component: lazyRouteComponent(() => import('./pages/nodes-page.tsx'), 'NodesPage'),
});
const node = createRoute({
  getParentRoute: () => root,
  path: '/nodes/$nodeId',
  component: lazyRouteComponent(() => import('./pages/node-page.tsx'), 'NodePage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  /** What is looked for stands in the address, so that it can be sent to somebody. */
  validateSearch: toListSearch,
  component: lazyRouteComponent(() => import('./pages/models-page.tsx'), 'ModelsPage'),
});
const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$name',
  validateSearch: toModelTab,
  component: lazyRouteComponent(() => import('./pages/model-page.tsx'), 'ModelPage'),
});

const compute = createRoute({
  getParentRoute: () => root,
  path: '/compute',
  /** `state` narrows the list of tasks. */
  validateSearch: toTaskSearch,
  component: lazyRouteComponent(() => import('./pages/compute-page.tsx'), 'ComputePage'),
});
const task = createRoute({
  getParentRoute: () => root,
  path: '/compute/tasks/$taskId',
  component: lazyRouteComponent(() => import('./pages/task-page.tsx'), 'TaskPage'),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys-page.tsx'), 'KeysPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/people-page.tsx'), 'PeoplePage'),
});
const person = createRoute({
  getParentRoute: () => root,
  path: '/people/$personId',
  component: lazyRouteComponent(() => import('./pages/person-page.tsx'), 'PersonPage'),
});
const roles = createRoute({
  getParentRoute: () => root,
  path: '/roles',
  component: lazyRouteComponent(() => import('./pages/roles-page.tsx'), 'RolesPage'),
});
const secrets = createRoute({
  getParentRoute: () => root,
  path: '/secrets',
  component: lazyRouteComponent(() => import('./pages/secrets-page.tsx'), 'SecretsPage'),
});
const profile = createRoute({
  getParentRoute: () => root,
  path: '/profile',
  component: lazyRouteComponent(() => import('./pages/profile-page.tsx'), 'ProfilePage'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  /** What is looked for stands in the address, so that it can be sent to somebody. */
  validateSearch: toAuditSearch,
  component: lazyRouteComponent(() => import('./pages/audit-page.tsx'), 'AuditPage'),
});
const certificates = createRoute({
  getParentRoute: () => root,
  path: '/certificates',
  component: lazyRouteComponent(() => import('./pages/certificates-page.tsx'), 'CertificatesPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings-page.tsx'), 'SettingsPage'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./pages/sign-in-page.tsx'), 'SignInPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/newcomer-page.tsx'), 'SetupPage'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/newcomer-page.tsx'), 'InvitationPage'),
});
const password = createRoute({
  getParentRoute: () => root,
  path: '/password',
  component: lazyRouteComponent(() => import('./pages/newcomer-page.tsx'), 'PasswordPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    chat.addChildren([newChat, oneChat]),
    nodes,
    node,
    models,
    model,
    compute,
    task,
    keys,
    people,
    person,
    roles,
    secrets,
    profile,
    audit,
    certificates,
    settings,
    signIn,
    setup,
    invitation,
    password,
  ]),
  basepath: '/ui',
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
