// What the published package says about itself.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** The workspaces that run as one program; the web UI goes in as built files. */
export const bundledWorkspaces = ['contracts', 'runtime', 'formats', 'client', 'control-plane', 'agent', 'cli'];

/** Comes inside the package instead of through the registry: its own manifest would pull 600 MB of GPU builds, and run a script at install time. */
export const ENGINE = 'node-llama-cpp';

const isOurs = (name) => name.startsWith('@cluster-ai/');

export const workspaceManifest = (root, name) => readJson(join(root, 'packages', name, 'package.json'));

/** Where Node would find a package from a folder. Throws when it is not installed. */
export function findPackage(from, name) {
  const candidate = join(from, 'node_modules', name);
  if (existsSync(join(candidate, 'package.json'))) return candidate;
  if (dirname(from) === from) throw new Error(`${name} is not installed.`);
  return findPackage(dirname(from), name);
}

const versionOf = (folder) => readJson(join(folder, 'package.json')).version;

/** Third-party packages of all bundled workspaces, by the versions that the lockfile installed. */
function dependenciesOf(root) {
  const names = bundledWorkspaces.flatMap((workspace) => {
    const { dependencies = {} } = workspaceManifest(root, workspace);
    return Object.entries(dependencies).filter(([name]) => !isOurs(name) && name !== ENGINE);
  });
  return Object.fromEntries(names.sort(([a], [b]) => a.localeCompare(b)));
}

/** What the engine's library needs itself, by the versions that it runs with here. */
function engineDependencies(root) {
  const folder = findPackage(join(root, 'packages', 'agent'), ENGINE);
  const { dependencies } = readJson(join(folder, 'package.json'));
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(findPackage(folder, name))]));
}

/** Binaries by platform: npm installs those that fit the machine. The GPU builds are left out. */
function platformPackages(root) {
  const folder = findPackage(join(root, 'packages', 'agent'), ENGINE);
  const { optionalDependencies } = readJson(join(folder, 'package.json'));
  const { overrides, optionalDependencies: nodes } = readJson(join(root, 'package.json'));
  return { ...nodes, ...Object.fromEntries(Object.entries(optionalDependencies).filter(([name]) => overrides[name] === undefined)) };
}

/** The manifest of the package. */
export function packageManifest(root) {
  const { version, description, license } = readJson(join(root, 'package.json'));
  const engine = versionOf(findPackage(join(root, 'packages', 'agent'), ENGINE));
  return {
    name: 'cluster-ai',
    version,
    description,
    license,
    type: 'module',
    engines: { node: '>=20' },
    bin: { 'cluster-ai': 'bin/package-bin.mjs' },
    dependencies: { ...engineDependencies(root), ...dependenciesOf(root), [ENGINE]: engine },
    optionalDependencies: platformPackages(root),
    bundleDependencies: [ENGINE],
  };
}

/** The engine library's manifest, without what must not happen on other people's machines. */
export function engineManifest(root) {
  const { scripts, devDependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, ...kept } = readJson(
    join(findPackage(join(root, 'packages', 'agent'), ENGINE), 'package.json'),
  );
  return kept;
}
