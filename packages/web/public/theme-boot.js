// Runs before the first paint, so that a dark page never flashes white. A file of its own: the content security policy has no inline scripts.
(() => {
  const stored = localStorage.getItem('cluster-ai.theme');
  const isDark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
})();
