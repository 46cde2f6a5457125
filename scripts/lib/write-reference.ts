import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceFiles } from './reference-files.ts';

const root = join(import.meta.dirname, '../..');
for (const [path, render] of Object.entries(referenceFiles)) {
  writeFileSync(join(root, path), render());
  process.stdout.write(`${path}\n`);
}
