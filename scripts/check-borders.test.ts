import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
// both are plain JavaScript without types, because they run before anything is installed
const load = async (path: string) => (await import(join(root, path))) as unknown;
const { default: config } = (await load('.dependency-cruiser.mjs')) as { default: { forbidden: readonly { name: string }[] } };
const { countModules } = (await load('scripts/lib/count-modules.mjs')) as { countModules: (output: string) => number };
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const workspaces = ['contracts', 'runtime', 'formats', 'client', 'control-plane', 'agent', 'web', 'cli'];
const packages = ['zod', 'pg', 'vitest', 'lodash'];

/** A small project with our workspaces and nothing wrong in it. */
const clean: Readonly<Record<string, string>> = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }',
  ...Object.fromEntries(
    workspaces.flatMap((name) => [
      [
        `packages/${name}/package.json`,
        JSON.stringify({ name: `@cluster-ai/${name}`, type: 'module', exports: { '.': './src/index.ts' }, dependencies: {} }),
      ],
      [`packages/${name}/src/index.ts`, 'export const name = 1;'],
    ]),
  ),
  'packages/contracts/src/shape.ts': "import { z } from 'zod';\nexport const shape = z;",
  'packages/runtime/src/secret.ts': 'export const inner = 1;',
  'packages/agent/src/process.ts': "import { name } from '@cluster-ai/runtime';\nexport const ours = name;",
  'packages/cli/src/start.ts': "export const start = () => import('@cluster-ai/control-plane');",
  'packages/control-plane/src/stores/driver.ts':
    "import pg from 'pg';\nimport { DatabaseSync } from 'node:sqlite';\nexport const driver = [pg, DatabaseSync];",
  'packages/control-plane/src/doors/door.ts': "import { registry } from '../registry/registry.ts';\nexport const door = registry;",
  'packages/control-plane/src/registry/registry.ts': 'export const registry = 1;',
  'packages/control-plane/src/scheduler/decide.ts':
    "import type { registry } from '../registry/registry.ts';\nexport const decide = (view: typeof registry) => view;",
  'packages/control-plane/src/scheduler/decide.test.ts':
    "import { test } from 'vitest';\nimport { decide } from './decide.ts';\ntest('x', () => decide(1));",
  'packages/control-plane/src/main.ts': "import { door } from './doors/door.ts';\nexport const main = door;",
};

/** For each rule the smallest files that break it, of names that no other has: all are planted in one project. */
const plants: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'contracts-knows-only-itself': {
    'packages/contracts/src/contracts-knows-only-itself.ts': "import { name } from '@cluster-ai/runtime';\nexport const x = name;",
  },
  'runtime-knows-only-contracts': {
    'packages/runtime/src/runtime-knows-only-contracts.ts': "import { name } from '@cluster-ai/formats';\nexport const x = name;",
  },
  'formats-knows-only-contracts': {
    'packages/formats/src/formats-knows-only-contracts.ts': "import { name } from '@cluster-ai/runtime';\nexport const x = name;",
  },
  'client-knows-only-contracts': {
    'packages/client/src/client-knows-only-contracts.ts': "import { name } from '@cluster-ai/runtime';\nexport const x = name;",
  },
  'control-plane-knows-only-contracts-runtime-formats': {
    'packages/control-plane/src/control-plane-knows-only-contracts-runtime-formats.ts':
      "import { name } from '@cluster-ai/agent';\nexport const x = name;",
  },
  'agent-knows-only-contracts-runtime-formats': {
    'packages/agent/src/agent-knows-only-contracts-runtime-formats.ts':
      "import { name } from '@cluster-ai/control-plane';\nexport const x = name;",
  },
  'web-knows-only-client-contracts': {
    'packages/web/src/web-knows-only-client-contracts.ts': "import { name } from '@cluster-ai/runtime';\nexport const x = name;",
  },
  'cli-knows-only-client-contracts-runtime-control-plane-agent': {
    'packages/cli/src/cli-knows-only-client-contracts-runtime-control-plane-agent.ts':
      "import { name } from '@cluster-ai/formats';\nexport const x = name;",
  },
  'no-cycles': {
    'packages/agent/src/one.ts': "import { two } from './two.ts';\nexport const one = () => two;",
    'packages/agent/src/two.ts': "import { one } from './one.ts';\nexport const two = () => one;",
  },
  'everything-resolves': { 'packages/agent/src/everything-resolves.ts': "import { x } from './nowhere.ts';\nexport const y = x;" },
  'contracts-need-zod-only': {
    'packages/contracts/src/contracts-need-zod-only.ts': "import { join } from 'node:path';\nexport const x = join;",
  },
  'workspaces-are-entered-by-their-index': {
    'packages/agent/src/workspaces-are-entered-by-their-index.ts':
      "import { inner } from '../../runtime/src/secret.ts';\nexport const x = inner;",
  },
  'deployables-start-lazily': {
    'packages/cli/src/deployables-start-lazily.ts': "import { name } from '@cluster-ai/control-plane';\nexport const x = name;",
  },
  'decisions-are-pure': {
    'packages/control-plane/src/scheduler/decisions-are-pure.ts': "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;",
  },
  'decisions-know-no-effects': {
    'packages/control-plane/src/gateway/policies/decisions-know-no-effects.ts':
      "import { registry } from '../../registry/registry.ts';\nexport const x = registry;",
  },
  'nothing-imports-doors': {
    'packages/control-plane/src/registry/nothing-imports-doors.ts': "import { door } from '../doors/door.ts';\nexport const x = door;",
  },
  'doors-never-touch-a-store': {
    'packages/control-plane/src/doors/doors-never-touch-a-store.ts':
      "import { driver } from '../stores/driver.ts';\nexport const x = driver;",
  },
  'only-stores-know-database-drivers': {
    'packages/control-plane/src/registry/only-stores-know-database-drivers.ts':
      "import { DatabaseSync } from 'node:sqlite';\nexport const x = DatabaseSync;",
  },
  'no-test-code-in-production': {
    'packages/agent/src/no-test-code-in-production.ts': "import { test } from 'vitest';\nexport const x = test;",
  },
  'no-utils': {
    'packages/agent/src/no-utils.ts': "import { x } from './utils.ts';\nexport const y = x;",
    'packages/agent/src/utils.ts': 'export const x = 1;',
  },
};

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${content}\n`);
  }
}

function makeProject(planted: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'borders-'));
  made.push(folder);
  write(folder, { ...clean, ...planted });
  cpSync(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
  mkdirSync(join(folder, 'node_modules/@cluster-ai'), { recursive: true });
  for (const name of workspaces) symlinkSync(`../../packages/${name}`, join(folder, 'node_modules/@cluster-ai', name));
  for (const name of packages)
    write(folder, {
      [`node_modules/${name}/package.json`]: `{ "name": "${name}", "version": "1.0.0", "main": "index.js" }`,
      [`node_modules/${name}/index.js`]: '',
    });
  return folder;
}

interface Cruised {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

function cruise(folder: string): Cruised {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, 'packages', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Cruised;
}

test('a project that keeps the borders breaks no rule', () => {
  const cruised = cruise(makeProject({}));
  expect(cruised.summary.violations).toEqual([]);
  expect(cruised.summary.totalCruised).toBeGreaterThan(Object.keys(clean).filter((path) => path.endsWith('.ts')).length - 1);
});

test('every rule has a planted violation', () => {
  expect(Object.keys(plants).sort()).toEqual(config.forbidden.map(({ name }) => name).sort());
});

describe('in a project with all plants', () => {
  let violations: Cruised['summary']['violations'];
  beforeAll(() => {
    violations = cruise(makeProject(Object.assign({}, ...Object.values(plants)))).summary.violations;
  });

  test.each(Object.entries(plants))('%s is seen when it is broken', (rule, planted) => {
    expect(violations.filter((violation) => violation.rule.name === rule).map(({ from }) => from)).toContain(Object.keys(planted)[0]);
  });
});

test('having looked at no module counts as a failure', () => {
  expect(countModules('✔ no dependency violations found (454 modules, 1553 dependencies cruised)')).toBe(454);
  expect(countModules('x 17 dependency violations (17 errors, 0 warnings). 12 modules, 3 dependencies cruised.')).toBe(12);
  expect(countModules('✔ no dependency violations found (0 modules, 0 dependencies cruised)')).toBe(0);
  expect(countModules('something else')).toBe(0);
});
