import type { ClusterClient } from '@cluster-ai/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type App, AppContext } from '../../api/app-context.ts';
import { startI18n } from '../../i18n/i18n.ts';
import { ForgottenPassword } from './forgotten-password.tsx';

beforeAll(startI18n);
afterEach(cleanup);

function open(mail: boolean) {
  const askForPassword = vi.fn(async () => {});
  const getSignInOptions = vi.fn(async () => ({ oidc: null, mail }));
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <AppContext value={{ cluster: { getSignInOptions, askForPassword } as unknown as ClusterClient, queryClient } as unknown as App}>
      <QueryClientProvider client={queryClient}>
        <ForgottenPassword />
      </QueryClientProvider>
    </AppContext>,
  );
  return { askForPassword, getSignInOptions };
}

test('who forgot the password asks for a link by name or address', async () => {
  const { askForPassword } = open(true);
  fireEvent.click(await screen.findByRole('button', { name: 'Forgot your password?' }));
  fireEvent.change(screen.getByLabelText('Name or e-mail address'), { target: { value: ' bia@example.org ' } });
  fireEvent.click(screen.getByRole('button', { name: 'Send the link' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(askForPassword).toHaveBeenCalledExactlyOnceWith({ person: 'bia@example.org', language: 'en' });
});

test('nothing is offered where the cluster sends no mail', async () => {
  const { getSignInOptions } = open(false);
  await waitFor(() => expect(getSignInOptions).toHaveBeenCalled());
  expect(screen.queryByRole('button')).toBeNull();
});
