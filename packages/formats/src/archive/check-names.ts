import { type Inspecting, toDetail } from '../inspection/report.ts';

/** Tells names that come twice: which of the two counts differs between unpackers. */
export function checkNames(names: readonly string[], find: Inspecting['find']): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) find('archive_name_twice', toDetail(name));
    seen.add(name);
  }
}
