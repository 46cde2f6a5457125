// Run with the pinned Node: the bundler needs a newer one than these scripts do.
import { join } from 'node:path';
import { bundlePackage } from './bundle.mjs';
import { root } from './launch.mjs';

await bundlePackage(root, join(root, 'dist', 'package'));
