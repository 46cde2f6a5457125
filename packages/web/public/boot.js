// Runs before everything else and needs nothing else. A file of its own: the content security policy has no inline scripts.

// Before the first paint, so that a dark page never flashes white.
(() => {
  const stored = localStorage.getItem('cluster-ai.theme');
  const isDark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
})();

// A page whose code does not come (a slow line, a cluster that was just updated) says so instead of staying empty.
setTimeout(() => {
  const root = document.getElementById('root');
  if (!root || root.childElementCount > 0) return;
  const isPortuguese = (localStorage.getItem('cluster-ai.language') ?? navigator.language).startsWith('pt');
  const text = document.createElement('p');
  text.setAttribute('role', 'status');
  text.style.cssText = 'margin: 4rem auto; max-width: 30rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif';
  text.textContent = isPortuguese
    ? 'A página ainda está carregando. Se nada aparecer, recarregue-a.'
    : 'The page is still loading. If nothing comes, reload it.';
  root.append(text);
}, 5000);
