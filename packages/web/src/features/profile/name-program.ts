const browsers = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/(?:Headless)?Chrom(?:e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;
const systems = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux|X11/, 'Linux'],
] as const;

type Table = readonly (readonly [RegExp, string])[];
const find = (table: Table, text: string) => table.find(([pattern]) => pattern.test(text))?.[1];

/** What a browser calls itself, in the words that its owner uses: "Firefox · Windows". Other programs keep their first word. */
export function nameProgram(program: string): string {
  const browser = find(browsers, program);
  if (browser === undefined) return program.split(' ')[0] ?? '';
  return [browser, find(systems, program)].filter(Boolean).join(' · ');
}
