import type { ClusterClient } from '@cluster-ai/client';
import { type Certificate, type Permission, toCondition } from '@cluster-ai/contracts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type App, AppContext } from '../api/app-context.ts';
import { startI18n } from '../i18n/i18n.ts';
import { CertificatesPage } from './certificates-page.tsx';

beforeAll(startI18n);
afterEach(cleanup);

const certificate: Certificate = {
  purpose: 'listener',
  source: 'internal',
  owner: 'main',
  nodeId: null,
  subject: 'CN=main',
  names: ['cluster.lab'],
  serial: '01',
  validFrom: null,
  expiresAt: '2026-01-01T00:00:00.000Z',
  fingerprint: 'abc',
  condition: toCondition('failed', 'certificate_expired', 0),
};
const renewed = { ...certificate, serial: '02', condition: toCondition('ready', 'certificate_valid', 0) };

function open(permissions: readonly Permission[]) {
  const renewCertificates = vi.fn(async () => [renewed]);
  const cluster = { listCertificates: async () => [certificate], renewCertificates, getMe: async () => ({ permissions }) };
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <AppContext value={{ cluster: cluster as unknown as ClusterClient, queryClient } as unknown as App}>
      <QueryClientProvider client={queryClient}>
        <CertificatesPage />
      </QueryClientProvider>
    </AppContext>,
  );
  return renewCertificates;
}

test('a certificate that has ended says so, and a button makes new ones', async () => {
  const renew = open(['certificates:read', 'certificates:write']);
  await screen.findByText('Has ended.');
  screen.getByText('cluster.lab');
  fireEvent.click(await screen.findByRole('button', { name: 'Renew' }));
  await screen.findByText('Valid.');
  expect(screen.queryByText('Has ended.')).toBeNull();
  expect(renew).toHaveBeenCalledOnce();
});

test('who may only see them has no button', async () => {
  open(['certificates:read']);
  await screen.findByText('Has ended.');
  expect(screen.queryByRole('button')).toBeNull();
});
