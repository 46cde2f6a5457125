// `npm run build`: the web UI and the package that other machines install.
import { statSync } from 'node:fs';
import { ensurePackaged, packagePath } from './lib/build-package.mjs';
import { failWithSentence, prepare, root } from './lib/launch.mjs';

try {
  await ensurePackaged(root, await prepare());
  process.stdout.write(`${packagePath(root)} (${(statSync(packagePath(root)).size / 1024 ** 2).toFixed(1)} MiB)\n`);
} catch (error) {
  failWithSentence(error);
}
