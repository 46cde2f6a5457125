import type { Inspection, InspectionReason, Verdict } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { inspectFiles } from './inspect-files.ts';

const never = new AbortController().signal;
const found = (verdict: Verdict, format: Inspection['format'], reasons: InspectionReason[] = []): Inspection => ({
  format,
  framework: 'other',
  parameterCount: format === 'safetensors' ? 7 : null,
  metadata: {},
  verdict,
  reasons,
});
const toFile = (path: string, sizeBytes: number) => ({
  path,
  blob: { digest: `sha256:${path}`, sizeBytes, filePath: path, read: () => Promise.reject(new Error('nobody reads')) },
});
const inspecting =
  (by: Readonly<Record<string, Inspection>>) =>
  async ({ fileName }: { readonly fileName: string }) => {
    const inspection = by[fileName];
    return inspection === undefined ? {} : { inspection };
  };

test('attack R12: a dangerous file beside safe weights makes the version dangerous, and says which file it is', async () => {
  const by = {
    'model.safetensors': found('safe', 'safetensors'),
    'tokenizer.pkl': found('dangerous', 'pickle', [{ code: 'pickle_global_dangerous', detail: 'os.system' }]),
    'other.bin': found('suspicious', 'zip', [{ code: 'archive_encrypted', detail: 'a' }]),
    'README.md': found('suspicious', 'unknown', [{ code: 'unknown_format', detail: 'text' }]),
  };
  const files = [toFile('README.md', 9), toFile('tokenizer.pkl', 50), toFile('model.safetensors', 1000), toFile('other.bin', 20)];
  expect(await inspectFiles(files, inspecting(by), never)).toEqual({
    inspection: {
      ...by['model.safetensors'],
      verdict: 'dangerous',
      reasons: [
        { code: 'pickle_global_dangerous', detail: 'tokenizer.pkl: os.system' },
        { code: 'archive_encrypted', detail: 'other.bin: a' },
      ],
    },
  });
});

test('what is no model says nothing against the weights; weights that nobody recognizes stay suspicious', async () => {
  const by = { 'model.gguf': found('safe', 'gguf'), LICENSE: found('suspicious', 'unknown') };
  const { inspection } = await inspectFiles([toFile('model.gguf', 10), toFile('LICENSE', 5)], inspecting(by), never);
  expect(inspection?.verdict).toBe('safe');
  expect((await inspectFiles([toFile('LICENSE', 5)], inspecting(by), never)).inspection?.verdict).toBe('suspicious');
});
