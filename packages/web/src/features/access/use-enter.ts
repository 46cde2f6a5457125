import type { Profile } from '@cluster-ai/contracts';
import { useApp } from '../../api/app-context.ts';

/** What follows when somebody has signed in: whatever the page knew belonged to somebody else, or to nobody. */
export function useEnter(): (profile: Profile) => void {
  const { access, live, queryClient } = useApp();
  return (profile) => {
    access.settle();
    queryClient.setQueryData(['me'], profile);
    live.retry();
  };
}
