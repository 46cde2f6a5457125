// @vitest-environment node
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
type Chunk = Rolldown.OutputChunk;
let chunks: ReadonlyMap<string, Chunk>;

beforeAll(async () => {
  vi.stubEnv('NODE_ENV', 'production'); // else React's development build is measured
  const result = await build({ root, configFile: `${root}/vite.config.ts`, logLevel: 'silent', build: { write: false } });
  const outputs = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  vi.unstubAllEnvs();
  chunks = new Map(
    outputs.flatMap(({ output }) => output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file] as const] : []))),
  );
});

/** A chunk with everything that it imports at once. */
function withImports(names: readonly string[], seen = new Set<string>()): ReadonlySet<string> {
  for (const name of names) {
    if (seen.has(name)) continue;
    seen.add(name);
    withImports(chunks.get(name)?.imports ?? [], seen);
  }
  return seen;
}
const kilobytes = (names: Iterable<string>) =>
  [...names].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '').length, 0) / 1000;
const find = (matches: (chunk: Chunk) => boolean) => [...chunks.values()].filter(matches).map(({ fileName }) => fileName);

describe('what a browser has to fetch', () => {
  test('the entry stays below 175 kB, compressed', () => {
    const entry = withImports(find((chunk) => chunk.isEntry));
    const size = kilobytes(entry);
    expect(size).toBeGreaterThan(50);
    expect(size, `${size.toFixed(1)} kB`).toBeLessThanOrEqual(175);
  });

  test('the chat page adds at most 330 kB, compressed', () => {
    const entry = withImports(find((chunk) => chunk.isEntry));
    const page = find((chunk) => chunk.facadeModuleId?.endsWith('/chat-page.tsx') ?? false);
    expect(page).toHaveLength(1);
    const added = [...withImports(page)].filter((name) => !entry.has(name));
    const size = kilobytes(added);
    expect(size, `${size.toFixed(1)} kB`).toBeLessThanOrEqual(330);
  });

  test('no code writes <style> elements: the content security policy refuses them', () => {
    const all = [...chunks.values()].map(({ code }) => code).join('\n');
    // Booleans: a failure must not print three megabytes.
    expect(/createElement\([`'"]style[`'"]\)[^;]{0,40};[^;]{0,60}setAttribute\([`'"]nonce/.test(all)).toBe(false);
    expect(all.includes('adoptedStyleSheets')).toBe(true);
  });
});
