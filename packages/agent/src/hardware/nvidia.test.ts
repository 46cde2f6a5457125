import { describe, expect, test } from 'vitest';
import { parseGpuFacts, parseGpuLoad } from './nvidia.ts';

describe('what there is', () => {
  test('one GPU a line, memory in bytes', () => {
    expect(parseGpuFacts('NVIDIA H100 80GB HBM3, 81559, 550.54.15\nNVIDIA GeForce RTX 3060, 12288, 550.54.15\n')).toEqual([
      { name: 'NVIDIA H100 80GB HBM3', memoryBytes: 81_559 * 1024 * 1024, driver: '550.54.15' },
      { name: 'NVIDIA GeForce RTX 3060', memoryBytes: 12_288 * 1024 * 1024, driver: '550.54.15' },
    ]);
  });

  test('lines of another form are left out', () => {
    const output = 'No devices were found\n\n{"fake": true}\nNVIDIA X, [N/A], 1\n, 5, 6\nNVIDIA Y, -3, 1\n';
    expect(parseGpuFacts(output)).toEqual([]);
  });

  test('a hostile name is cut and loses its escape sequences', () => {
    const [gpu] = parseGpuFacts(`\x1b[31mGPU\x07${'x'.repeat(10_000)}, 1, 2`);
    expect(gpu).toBeUndefined(); // the line is cut before its numbers come
    expect(parseGpuFacts('\x1b[31mGPU\x07, 1, 2')[0]?.name).toBe('[31mGPU');
  });

  test('a flood of lines ends somewhere', () => {
    expect(parseGpuFacts('GPU, 1, 2\n'.repeat(100_000))).toHaveLength(64);
  });
});

describe('how busy it is', () => {
  test('a line says which GPU, and its load', () => {
    expect(parseGpuLoad('1, 37, 1024, 54')).toEqual({
      index: 1,
      load: { utilization: 0.37, memoryUsedBytes: 1024 * 1024 * 1024, temperatureCelsius: 54 },
    });
  });

  test('what a GPU does not tell is 0, and its temperature unknown', () => {
    expect(parseGpuLoad('0, [N/A], [N/A], [N/A]')?.load).toEqual({ utilization: 0, memoryUsedBytes: 0, temperatureCelsius: null });
  });

  test('no other line is taken for one', () => {
    expect(['', 'Unable to determine the device handle', '-1, 2, 3, 4', '1e9, 2, 3, 4', '0.5, 1, 1, 1'].map(parseGpuLoad)).toEqual(
      Array(5).fill(undefined),
    );
  });
});
