import type { ChatMessage, Model } from '@cluster-ai/contracts';
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { AppContext, createApp } from '../../api/app-context.ts';
import { startI18n } from '../../i18n/i18n.ts';
import { Answer } from './message.tsx';

beforeAll(startI18n);
afterEach(cleanup);

const message: ChatMessage = {
  id: 'm1',
  parentId: null,
  role: 'assistant',
  content: 'The capital of',
  createdAt: '2026-01-01T00:00:00.000Z',
  isComplete: false,
  answer: null,
};
const noActions = { showSibling() {}, regenerate() {}, async edit() {}, toCurl: () => '' };
const waiting = { reason: 'heartbeat_lost', message: 'The node was lost.' };

function show(content: string, reason: typeof waiting | undefined) {
  const app = createApp();
  app.queryClient.setQueryData(['models'], { models: [] as Model[], status: 'ok' });
  render(
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <Answer
          message={{ ...message, content }}
          siblings={[]}
          actions={noActions}
          isBusy
          live={{ waiting: reason, startedAt: Date.now(), model: 'starter', rate: undefined }}
        />
      </QueryClientProvider>
    </AppContext>,
  );
}

test('an answer that stands still says why, before its first word and after it', () => {
  for (const content of ['', 'The capital of']) {
    show(content, waiting);
    expect(screen.getByRole('status').textContent).toContain('The node was lost.');
    cleanup();
  }
});

test('an answer that flows says nothing beside its words', () => {
  show('The capital of', undefined);
  expect(screen.queryByRole('status')).toBeNull();
});
