// Who may import what. Each rule has a planted violation in scripts/check-borders.test.ts that must be seen.

const ours = '^packages/';
const databaseDrivers = '^(node:sqlite|pg|pg-[a-z]+|postgres|better-sqlite3|kysely-[a-z-]+)$|/node_modules/(pg|pg-[a-z]+)/';
const testFiles = '\\.test\\.tsx?$|/(testing|fixtures|__fixtures__)/';

/** What a workspace may know of the others; everything else of ours is forbidden to it. */
const mayImport = {
  contracts: [],
  runtime: ['contracts'],
  formats: ['contracts'],
  client: ['contracts'],
  'control-plane': ['contracts', 'runtime', 'formats'],
  agent: ['contracts', 'runtime', 'formats'],
  web: ['client', 'contracts'],
  cli: ['client', 'contracts', 'runtime', 'control-plane', 'agent'],
};

const workspaceRules = Object.entries(mayImport).map(([workspace, allowed]) => ({
  name: `${workspace}-knows-only-${allowed.length === 0 ? 'itself' : allowed.join('-')}`,
  severity: 'error',
  from: { path: `^packages/${workspace}/src/`, pathNot: testFiles },
  to: { path: ours, pathNot: `^packages/(${[workspace, ...allowed].join('|')})/` },
}));

export default {
  forbidden: [
    ...workspaceRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'contracts-need-zod-only',
      severity: 'error',
      from: { path: '^packages/contracts/src/', pathNot: testFiles },
      to: { pathNot: '^packages/contracts/src/|(^|/)node_modules/zod/' },
    },
    {
      name: 'workspaces-are-entered-by-their-index',
      severity: 'error',
      from: { path: '^packages/([^/]+)/', pathNot: testFiles },
      to: { path: '^packages/[^/]+/', pathNot: '^packages/$1/|^packages/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'deployables-start-lazily',
      comment: 'The command line loads control plane and agent only when it runs them.',
      severity: 'error',
      from: { path: '^packages/cli/', pathNot: testFiles },
      to: { path: '^packages/(control-plane|agent)/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'decisions-are-pure',
      comment: 'No Node, no package, no clock: a picture of the world in, actions out.',
      severity: 'error',
      from: { path: '^packages/control-plane/src/(scheduler|gateway/policies)/', pathNot: testFiles },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'], pathNot: ours },
    },
    {
      name: 'decisions-know-no-effects',
      severity: 'error',
      from: { path: '^packages/control-plane/src/(scheduler|gateway/policies)/', pathNot: testFiles },
      to: {
        path: '^packages/(runtime|control-plane/src)/',
        pathNot: '^packages/control-plane/src/(scheduler|gateway/policies)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-imports-doors',
      severity: 'error',
      from: {
        path: '^packages/control-plane/src/',
        pathNot: `^packages/control-plane/src/(doors/|(main|compose-doors)\\.ts$)|${testFiles}`,
      },
      to: { path: '^packages/control-plane/src/doors/' },
    },
    {
      name: 'doors-never-touch-a-store',
      severity: 'error',
      from: { path: '^packages/control-plane/src/doors/', pathNot: testFiles },
      to: { path: '^packages/control-plane/src/stores/' },
    },
    {
      name: 'only-stores-know-database-drivers',
      comment: 'The lock of a file is SQLite’s own, and stores nothing.',
      severity: 'error',
      from: {
        path: ours,
        pathNot: `^packages/control-plane/src/stores/|^packages/runtime/src/python-environment/with-file-lock\\.ts$|${testFiles}`,
      },
      to: { path: databaseDrivers },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: testFiles },
      to: { path: `${testFiles}|(^|/)node_modules/(vitest|@testing-library|fast-check|playwright-core)/` },
    },
    {
      name: 'no-utils',
      comment: 'What only fits there has no home yet.',
      severity: 'error',
      from: {},
      to: { path: '^packages/.*/(utils?|helpers?|common|misc)(/|\\.tsx?$)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.js', '.json'],
    },
    skipAnalysisNotInRules: true,
    builtInModules: { add: ['node:sqlite'] },
  },
};
