import './styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { AppContext, createApp } from './api/app-context.ts';
import { startI18n } from './i18n/i18n.ts';
import { router } from './router.tsx';
import { useIsDark } from './shell/theme.ts';

const app = createApp();
const Toaster = lazy(async () => ({ default: (await import('sonner')).Toaster }));

function Toasts() {
  return <Toaster theme={useIsDark() ? 'dark' : 'light'} position="bottom-right" />;
}

await startI18n();
void app.live.run(new AbortController().signal);
createRoot(document.getElementById('root') ?? document.body).render(
  <StrictMode>
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <RouterProvider router={router} />
        <Suspense>
          <Toasts />
        </Suspense>
      </QueryClientProvider>
    </AppContext>
  </StrictMode>,
);
