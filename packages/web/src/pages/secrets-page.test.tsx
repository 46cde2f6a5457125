import type { ClusterClient } from '@cluster-ai/client';
import type { Permission, SecretsStatus } from '@cluster-ai/contracts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type App, AppContext } from '../api/app-context.ts';
import { startI18n } from '../i18n/i18n.ts';
import { SecretsPage } from './secrets-page.tsx';

window.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
beforeAll(startI18n);
afterEach(cleanup);

const at = '2026-01-01T00:00:00.000Z';
const status: SecretsStatus = {
  masterKey: { id: 'k7', source: 'file', createdAt: at },
  dataKeys: [{ purpose: 'named-secrets', version: 1, createdAt: at, uses: 1, isActive: true, rotationDue: 'no' }],
  rotations: [],
  chats: { wanted: 'clear', sealed: 0, clear: 0 },
  secrets: [{ name: 'mail', purpose: 'mail', createdAt: at, changedAt: at, keyVersion: 1 }],
};
const rotating: SecretsStatus = {
  ...status,
  rotations: [{ purpose: 'named-secrets', toVersion: 2, phase: 'sealing', done: 7, unreadable: 0, startedAt: at }],
};

function open(permissions: readonly Permission[]) {
  const cluster = {
    getSecrets: async () => status,
    putSecret: vi.fn(async () => status.secrets[0]),
    rotateSecrets: vi.fn(async () => rotating),
    getMe: async () => ({ permissions }),
  };
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <AppContext value={{ cluster: cluster as unknown as ClusterClient, queryClient } as unknown as App}>
      <QueryClientProvider client={queryClient}>
        <SecretsPage />
      </QueryClientProvider>
    </AppContext>,
  );
  return { ...cluster, queryClient };
}

test('a secret goes in with all its lines, and nothing of the page knows it afterwards', async () => {
  const { putSecret, queryClient } = open(['secrets:read', 'secrets:write']);
  fireEvent.click(await screen.findByRole('button', { name: 'Add a secret' }));
  const submit = screen.getAllByRole('button', { name: 'Add a secret' }).at(-1) as HTMLButtonElement;
  const write = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
  write('Value', 'planted\nsecond\n');
  write('Name', 'mail');
  screen.getByText('There is one with this name. Replace its value in the list.');
  expect(submit.disabled).toBe(true);
  write('Name', ' hook ');
  fireEvent.click(submit);
  await waitFor(() => expect(putSecret).toHaveBeenCalledWith('hook', { value: 'planted\nsecond', purpose: 'other' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(document.documentElement.outerHTML).not.toContain('planted');
  expect(JSON.stringify(queryClient.getQueryCache().getAll())).not.toContain('planted');
});

test('keys are replaced: all data keys, one, or the master key; how far that is stands on the page', async () => {
  const { rotateSecrets } = open(['secrets:read', 'secrets:write']);
  fireEvent.click(await screen.findByRole('button', { name: 'Replace keys' }));
  const which = screen.getByLabelText('Which keys');
  fireEvent.change(which, { target: { value: 'named-secrets' } });
  fireEvent.click(screen.getAllByRole('button', { name: 'Replace keys' }).at(-1) as HTMLElement);
  await screen.findByText('Sealing anew: 7 values so far.');
  expect(rotateSecrets).toHaveBeenCalledWith({ what: 'data', purpose: 'named-secrets' });
});

test('who may only see them has no button', async () => {
  open(['secrets:read']);
  await screen.findByRole('heading', { name: 'mail' });
  expect(screen.queryByRole('button')).toBeNull();
});
