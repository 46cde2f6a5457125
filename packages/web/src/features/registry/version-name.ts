/** As people say it: the semantic version where there is one, else the number. */
export const versionName = ({ semver, version }: { readonly semver: string | null; readonly version: number }): string =>
  semver ?? String(version);
