import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { CrashPage } from './pages/crash-page.tsx';
import { Frame } from './shell/frame.tsx';

const root = createRootRoute({
  component: Frame,
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
  component: lazyRouteComponent(() => import('./pages/models-page.tsx'), 'ModelsPage'),
});
const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$name',
  component: lazyRouteComponent(() => import('./pages/model-page.tsx'), 'ModelPage'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  /** `from` is where one was; only pages of ours count. */
  validateSearch: ({ from }: Record<string, unknown>): { from?: string } =>
    typeof from === 'string' && from.startsWith('/ui/') ? { from } : {},
  component: lazyRouteComponent(() => import('./pages/sign-in-page.tsx'), 'SignInPage'),
});
/** The pages of one-use links. Their token is behind the `#`, which browsers do not send. */
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
