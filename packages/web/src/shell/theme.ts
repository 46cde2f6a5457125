import { useSyncExternalStore } from 'react';

// The key is known to public/boot.js too, which runs before this file is there.
const STORAGE_KEY = 'cluster-ai.theme';
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
const readTheme = (): Theme => themes.find((theme) => theme === localStorage.getItem(STORAGE_KEY)) ?? 'system';
const isDark = (theme: Theme): boolean => theme === 'dark' || (theme === 'system' && systemIsDark.matches);

function show(): void {
  document.documentElement.classList.toggle('dark', isDark(readTheme()));
  for (const listener of listeners) listener();
}
systemIsDark.addEventListener('change', show);

/** Chooses a theme and remembers it. */
export function changeTheme(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme);
  show();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The theme that was chosen. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, readTheme);
/** Whether the page is dark now. */
export const useIsDark = (): boolean => useSyncExternalStore(subscribe, () => isDark(readTheme()));
