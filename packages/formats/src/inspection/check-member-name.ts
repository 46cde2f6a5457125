/** Whether unpacking a name would leave the folder on some system: absolute, a drive, `..`, a backslash for a slash. */
export function leavesFolder(name: string): boolean {
  const parts = name.split(/[\\/]/);
  return name.includes('\0') || /^[\\/]/.test(name) || /^[A-Za-z]:/.test(name) || parts.includes('..');
}

/** Whether a link inside of an archive, at this name, leads out of the folder. */
export function linkLeavesFolder(name: string, target: string): boolean {
  if (/^[\\/]/.test(target) || /^[A-Za-z]:/.test(target) || target.includes('\0')) return true;
  const depth = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.').length - 1;
  let left = depth;
  for (const part of target.split(/[\\/]/)) {
    if (part === '..') left--;
    else if (part !== '' && part !== '.') left++;
    if (left < 0) return true;
  }
  return false;
}
