import './styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Toaster } from 'sonner';
import { AppContext, createApp } from './api/app-context.ts';
import { startI18n } from './i18n/i18n.ts';
import { router } from './router.tsx';
import { useIsDark } from './shell/theme.ts';
import { TooltipProvider } from './ui/tooltip.tsx';

const app = createApp();

function Toasts() {
  return <Toaster theme={useIsDark() ? 'dark' : 'light'} position="bottom-right" />;
}

await startI18n();
void app.live.run(new AbortController().signal);
createRoot(document.getElementById('root') ?? document.body).render(
  <StrictMode>
    <AppContext value={app}>
      <QueryClientProvider client={app.queryClient}>
        <TooltipProvider>
          <RouterProvider router={router} />
          <Toasts />
        </TooltipProvider>
      </QueryClientProvider>
    </AppContext>
  </StrictMode>,
);
