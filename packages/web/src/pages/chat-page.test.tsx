import { type ClusterClient, ClusterError } from '@cluster-ai/client';
import type { Chat, Model, ModelList } from '@cluster-ai/contracts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRoute, createRouter, Outlet, RouterProvider } from '@tanstack/react-router';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type App, AppContext } from '../api/app-context.ts';
import { startI18n } from '../i18n/i18n.ts';
import { NewChatPage, OneChatPage } from './chat-page.tsx';

// jsdom has no scrolling, which the router does at every change of the page.
window.scrollTo = () => undefined;
beforeAll(startI18n);
beforeEach(() => localStorage.clear());
afterEach(cleanup);

const starter = {
  name: 'starter',
  condition: { state: 'ready', reason: 'serving', message: '', hint: '', since: '2026-01-01T00:00:00Z' },
  latest: { facts: { capabilities: ['chat'] } },
  replicas: [],
  notice: '',
} as unknown as Model;

/** The page of a new chat, whose list of models comes when the test gives it. */
function openPage() {
  const list = Promise.withResolvers<ModelList>();
  const createChat = vi.fn(async ({ model }: { model: string }) => ({ id: 'c1', model }) as Chat);
  const ask = vi.fn(async () => undefined);
  show({ listModels: () => list.promise, createChat }, { ask }, '/chat', () => <p>the chat</p>);
  return { list, createChat, ask };
}

function show(cluster: object, answers: object, address: string, Chat: () => ReactNode): void {
  const app = {
    cluster: cluster as ClusterClient,
    queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }),
    answers,
  } as unknown as App;
  const root = createRootRoute({ component: Outlet });
  const page = createRoute({ getParentRoute: () => root, path: '/chat', component: NewChatPage });
  const chat = createRoute({ getParentRoute: () => root, path: '/chat/$chatId', component: Chat });
  const router = createRouter({
    routeTree: root.addChildren([page, chat]),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  render(
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </AppContext>,
  );
}

const field = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });

async function askBeforeTheListIsThere(): Promise<void> {
  fireEvent.change(await field(), { target: { value: 'Hello' } });
  fireEvent.keyDown(await field(), { key: 'Enter' });
  await screen.findByText(/Waiting for the list of models/);
}

describe('a question that was sent before the page knew its models', () => {
  test('waits in view, and goes to the model as soon as the list is there', async () => {
    const { list, createChat, ask } = openPage();
    await askBeforeTheListIsThere();
    expect(createChat).not.toHaveBeenCalled();
    list.resolve({ models: [starter] } as ModelList);
    await screen.findByText('the chat');
    expect(createChat.mock.calls).toEqual([[{ model: 'starter', options: {} }]]);
    expect(ask.mock.calls).toEqual([['c1', { parentId: null, content: 'Hello' }]]);
  });

  test('stays in the field beside the reason when the list does not come', async () => {
    const { list, createChat } = openPage();
    await askBeforeTheListIsThere();
    list.reject(new ClusterError('database_unavailable', 'The database does not answer.'));
    expect((await screen.findByRole('alert')).textContent).toContain('The database does not answer.');
    expect(screen.queryByText(/Waiting for the list of models/)).toBeNull();
    expect((await field()).value).toBe('Hello');
    expect(createChat).not.toHaveBeenCalled();
  });

  test('stays in the field beside the reason when there is no model', async () => {
    const { list, createChat } = openPage();
    await askBeforeTheListIsThere();
    list.resolve({ models: [] as Model[] } as ModelList);
    await screen.findByText('There is no model yet. Add one on the page Models.');
    expect(screen.queryByText(/Waiting for the list of models/)).toBeNull();
    expect((await field()).value).toBe('Hello');
    expect(createChat).not.toHaveBeenCalled();
  });
});

test('a chat whose key is gone says so, and takes no message', async () => {
  const chat = { id: 'c1', title: '', model: 'starter', headId: null, isGenerating: false, isReadable: false, options: {}, messages: [] };
  const cluster = { getChat: async () => chat, listModels: async () => ({ models: [starter] }) };
  show(cluster, { subscribe: () => () => undefined, get: () => undefined }, '/chat/c1', OneChatPage);
  await screen.findByText(/the key that it is sealed with is gone/);
  expect(screen.queryByRole('textbox')).toBeNull();
});
