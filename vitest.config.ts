import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// as `npm start` sets it, for the processes and threads of the tests too: each would strip all types anew
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cluster-ai/compiled', import.meta.url));

// Real processes, databases and models share two cores with whatever else runs: few files at a time, generous limits.
const shared = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } }, pool: 'forks' as const };

/** Short files that take long, and would otherwise come last and alone: vitest begins with what is long to read. */
const longest = /(web\/states|chaos\/hosts|cluster\/up|llama-cpp\/bad-models)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // what starts whole clusters runs after the quick tests
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['packages/{contracts,runtime,formats,control-plane,agent,client,cli}/src/**/*.test.ts', 'scripts/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'web',
          include: ['packages/web/src/**/*.test.{ts,tsx}'],
          environment: 'jsdom',
          setupFiles: ['packages/web/dev/patient-queries.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'compat',
          sequence: { groupOrder: 2 },
          include: ['test/compat/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/*.test.ts'],
          testTimeout: 180_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/web/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'chaos',
          sequence: { groupOrder: 2 },
          include: ['test/chaos/**/*.test.ts'], // they mostly wait
          testTimeout: 300_000,
        },
      },
    ],
  },
});
