import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/**
 * The content security policy allows styles from files only, and two libraries write `<style>` elements when they load.
 * sonner's styles are imported as a file instead; react-style-singleton is replaced by one over constructed style sheets.
 */
function withoutStyleElements(): Plugin {
  const injection = /^function __insertCSS\(code\) \{$/m;
  return {
    name: 'without-style-elements',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('/sonner/dist/') || !id.endsWith('.mjs')) return undefined;
      if (!injection.test(code)) throw new Error('sonner no longer injects its styles in the known way: look at it again.');
      return { code: code.replace(injection, '$& return;'), map: null };
    },
  };
}

export default defineConfig({
  base: '/ui/',
  plugins: [react(), tailwindcss(), withoutStyleElements()],
  resolve: { alias: { 'react-style-singleton': new URL('./src/ui/style-singleton.ts', import.meta.url).pathname } },
  build: { assetsInlineLimit: 0, target: 'es2023', reportCompressedSize: false, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/api': 'http://127.0.0.1:3000' } },
});
