// Makes dist/package: the whole program in a form that runs from node_modules, where Node does not strip types.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { bundledWorkspaces, ENGINE, engineManifest, findPackage, packageManifest } from './package-manifest.mjs';

const programs = {
  'cluster-ai': 'packages/cli/src/main.ts',
  'control-plane': 'packages/control-plane/src/process.ts',
  agent: 'packages/agent/src/process.ts',
};

// Files that are started by their path, as a process or a thread, stay files of their own. Everything ends up in one flat folder, so
// they are named by where they come from: two engines may both have a child-main.ts.
const startedByPath = [/(threadFile\(')([\w-]+)(', import\.meta\.url\))/g, /(new URL\('\.\/)([\w-]+)\.ts(', import\.meta\.url\))/g];

const isProduction = (file) => !/\.test\.ts$|\/(testing|__fixtures__)\//.test(file);

const entryName = (root, file) =>
  relative(join(root, 'packages'), file)
    .replace(/\.ts$/, '')
    .replace(/[\\/]src[\\/]|[\\/]/g, '-');

/** Every file that another one starts by its path, found where it is started. */
function findStartedFiles(root) {
  const sources = bundledWorkspaces.flatMap((name) => globSync(`packages/${name}/src/**/*.ts`, { cwd: root })).filter(isProduction);
  const found = sources.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return startedByPath.flatMap((pattern) => [...text.matchAll(pattern)].map(([, , name]) => join(root, dirname(file), `${name}.ts`)));
  });
  return Object.fromEntries(found.map((file) => [entryName(root, file), file]));
}

/** Makes those who start them look for the built file. */
const renameStartedFiles = (root) => ({
  name: 'started-files-have-flat-names',
  transform(code, id) {
    const nameOf = (name) => entryName(root, join(dirname(id), `${name}.ts`));
    const renamed = code
      .replaceAll(startedByPath[0], (_all, before, name, after) => `${before}${nameOf(name)}${after}`)
      .replaceAll(startedByPath[1], (_all, before, name, after) => `${before}${nameOf(name)}.js${after}`);
    return renamed === code ? null : { code: renamed, map: null };
  },
});

const isThirdParty = (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@cluster-ai/');

async function bundlePrograms(root, folder) {
  const started = Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)]));
  const input = { ...started, ...findStartedFiles(root) };
  const bundle = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    external: isThirdParty,
    plugins: [renameStartedFiles(root)],
    logLevel: 'warn',
  });
  // one flat folder: what is found beside a module in the clone is found beside the chunk
  await bundle.write({ dir: join(folder, 'lib'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' });
  await bundle.close();
}

const isNeededAtRuntime = (path) =>
  !/\.d\.ts$|\.map$|\.tsbuildinfo$|gitRelease\.bundle$/.test(path) && !path.includes(join(ENGINE, 'node_modules'));

/** The engine's library, without sources to compile and without a script that runs at install time. */
function copyEngine(root, folder) {
  const target = join(folder, 'node_modules', ENGINE);
  cpSync(findPackage(join(root, 'packages', 'agent'), ENGINE), target, { recursive: true, filter: isNeededAtRuntime });
  writeJson(join(target, 'package.json'), engineManifest(root));
}

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** What compute runs in Python, and the versions that it runs with. */
function copyPython(root, folder) {
  const isSource = (path) => !/__pycache__|\.egg-info|[\\/]tests(?:[\\/]|$)/.test(path);
  for (const path of ['requirements.lock', 'cluster_ai', 'model_registry/src'])
    cpSync(join(root, 'python', path), join(folder, 'python', path), { recursive: true, filter: isSource });
}

function copyFiles(root, folder) {
  cpSync(join(root, 'packages', 'web', 'dist'), join(folder, 'web'), { recursive: true });
  cpSync(join(root, 'packages', 'control-plane', 'assets'), join(folder, 'assets'), { recursive: true });
  copyPython(root, folder);
  mkdirSync(join(folder, 'bin'));
  for (const name of ['package-bin.mjs', 'pinned-node.mjs', 'run-child.mjs'])
    cpSync(join(root, 'scripts', 'lib', name), join(folder, 'bin', name));
  for (const name of ['LICENSE', 'README.md']) cpSync(join(root, name), join(folder, name));
}

/** Builds the package's folder anew. */
export async function bundlePackage(root, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundlePrograms(root, folder);
  copyFiles(root, folder);
  copyEngine(root, folder);
  writeJson(join(folder, 'package.json'), packageManifest(root));
}
