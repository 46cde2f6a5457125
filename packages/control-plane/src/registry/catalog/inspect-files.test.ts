import type { Inspection, InspectionReason, Verdict } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { inspectFiles } from './inspect-files.ts';

const found = (verdict: Verdict, format: Inspection['format'], reasons: InspectionReason[] = []): Inspection => ({
  format,
  framework: 'other',
  parameterCount: format === 'safetensors' ? 7 : null,
  metadata: {},
  verdict,
  reasons,
});
const toFile = (path: string, sizeBytes: number) => ({ path, sizeBytes });
const inspecting =
  (by: Readonly<Record<string, Inspection>>) =>
  async ({ path }: { readonly path: string }) => {
    const inspection = by[path];
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
  expect(await inspectFiles(files, inspecting(by))).toEqual({
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
  const { inspection } = await inspectFiles([toFile('model.gguf', 10), toFile('LICENSE', 5)], inspecting(by));
  expect(inspection?.verdict).toBe('safe');
  expect((await inspectFiles([toFile('LICENSE', 5)], inspecting(by))).inspection?.verdict).toBe('suspicious');
});

test('weights in several parts have the parameters of all of them, and none where one part does not say', async () => {
  const part = found('safe', 'safetensors');
  const by = { a: part, b: part, c: { ...part, parameterCount: null }, d: found('safe', 'onnx') };
  const countOf = async (...paths: string[]) =>
    (
      await inspectFiles(
        paths.map((path, at) => toFile(path, 100 - at)),
        inspecting(by),
      )
    ).inspection?.parameterCount;
  expect(await countOf('a', 'b', 'd')).toBe(14);
  expect(await countOf('a', 'b', 'c')).toBe(null);
});
