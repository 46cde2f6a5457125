import type { ClusterClient } from '@cluster-ai/client';
import { ClusterError } from '@cluster-ai/client';
import type { Node, Permission } from '@cluster-ai/contracts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type App, AppContext } from '../../api/app-context.ts';
import { startI18n } from '../../i18n/i18n.ts';
import { WaitingNodes } from './waiting-nodes.tsx';

beforeAll(startI18n);
afterEach(cleanup);

const toNode = (id: string, reason: string) =>
  ({ id, name: `name of ${id}`, address: '10.0.0.7', condition: { reason } }) as unknown as Node;
const nodes = [toNode('n1', 'serving'), toNode('n2', 'awaiting_approval')];

function open(permissions: readonly Permission[], approveNode = vi.fn(async () => toNode('n2', 'serving'))) {
  const cluster = { approveNode, getMe: async () => ({ permissions }) } as unknown as ClusterClient;
  const app = { cluster, queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) } as unknown as App;
  const invalidate = vi.spyOn(app.queryClient, 'invalidateQueries');
  render(
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <WaitingNodes nodes={nodes} />
      </QueryClientProvider>
    </AppContext>,
  );
  return { approveNode, invalidate };
}

test('a machine that waits is named, and let in by a button', async () => {
  const { approveNode, invalidate } = open(['nodes:write']);
  expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual(['name of n2 waits for approval']);
  screen.getByText(/joined from 10\.0\.0\.7/);
  fireEvent.click(await screen.findByRole('button', { name: /^Approve/ }));
  await vi.waitFor(() => expect(invalidate).toHaveBeenCalledWith({ queryKey: ['nodes'] }), { timeout: 30_000 });
  expect(approveNode).toHaveBeenCalledWith('n2');
});

test('why it could not be let in stays on the page', async () => {
  open(
    ['nodes:write'],
    vi.fn(async () => Promise.reject(new ClusterError('node_not_found', 'It has gone.'))),
  );
  fireEvent.click(await screen.findByRole('button', { name: /^Approve/ }));
  expect((await screen.findByRole('alert')).textContent).toContain('It has gone.');
});

test('who may not let it in sees it, and no button', async () => {
  open(['nodes:read']);
  screen.getByText('name of n2 waits for approval');
  await new Promise((resolve) => setTimeout(resolve)); // until it is known who sits here
  expect(screen.queryByRole('button')).toBeNull();
});
