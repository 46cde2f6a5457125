import type { ClusterClient } from '@cluster-ai/client';
import type { Invitation, Node } from '@cluster-ai/contracts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, test } from 'vitest';
import { type App, AppContext } from '../../api/app-context.ts';
import { startI18n } from '../../i18n/i18n.ts';
import { AddMachineDialog } from './add-machine-dialog.tsx';

beforeAll(startI18n);
afterEach(cleanup);

const invitation = {
  command: 'cluster-ai join 127.0.0.1:1 --token t',
  installCommand: 'npm install x',
  expiresAt: '2100-01-01T00:00:00Z',
} as Invitation;

test('a machine that was there before the page knew of it is not taken for the new one', async () => {
  const cluster = {
    listNodes: async () => [{ id: 'n1', name: 'first' } as Node],
    createInvitation: async () => invitation,
  } as unknown as ClusterClient;
  const app = { cluster, queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) } as unknown as App;
  render(
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <AddMachineDialog isOpen onClose={() => {}} />
      </QueryClientProvider>
    </AppContext>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'Make the command' }));
  await screen.findByText('Waiting for the machine…');
  await new Promise((resolve) => setTimeout(resolve, 50)); // time for the list to come in
  screen.getByText('Waiting for the machine…');
});
