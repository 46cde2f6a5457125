import { useNavigate } from '@tanstack/react-router';
import { useApp } from '../../api/app-context.ts';

/** After somebody has come in: what a stranger was not shown is asked for again, from the first page on. */
export function useEnter(): () => Promise<void> {
  const { queryClient, live } = useApp();
  const navigate = useNavigate();
  return async () => {
    await queryClient.resetQueries();
    live.retry();
    await navigate({ to: '/' });
  };
}
