import { allowedGlobals, olderNames } from './allowed-globals.ts';
import { dangerousAnywhere, dangerousFunctions, dangerousModules, dangerousPackages } from './dangerous-globals.ts';

/** What is known of a name that a pickle imports. */
export type GlobalVerdict = 'allowed' | 'unknown' | 'dangerous';

const isInside = (path: string, module: string) => path === module || path.startsWith(`${module}.`);

/**
 * Whether a name that a pickle imports may be used. Only what is on the list is: what nobody has looked at is unknown, and what is known
 * for harm is dangerous, also when it is reached through another module (`torch.serialization.os.system`). Pure.
 */
export function judgeGlobal(module: string, name: string): GlobalVerdict {
  if (allowedGlobals.has(`${olderNames[module] ?? module} ${name}`)) return 'allowed';
  const path = `${module}.${name}`;
  const parts = path.split('.');
  const isDangerous =
    dangerousPackages.has(parts[0] ?? '') ||
    parts.slice(0, -1).some((part) => dangerousAnywhere.has(part)) ||
    dangerousModules.some((known) => isInside(path, known)) ||
    dangerousFunctions.has(path) ||
    parts.some((part) => /^__(?!main__$|torch__$)\w+__$/.test(part));
  return isDangerous ? 'dangerous' : 'unknown';
}
