const LONGEST = 4096;

/** A `WWW-Authenticate` header: its scheme in lower case, and what it says. */
export function readChallenge(header: string): { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> } {
  const text = header.slice(0, LONGEST);
  const space = text.indexOf(' ');
  const scheme = (space === -1 ? text : text.slice(0, space)).toLowerCase();
  const rest = space === -1 ? '' : text.slice(space + 1);
  const pairs = rest.matchAll(/([a-zA-Z_-]{1,40})=(?:"([^"]{0,2048})"|([^\s,"]{1,2048}))/g);
  return { scheme, parameters: new Map(Array.from(pairs, ([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? ''])) };
}
