/** Where one file of a version can be had: a link of the page, with the session's own cookie. */
export const fileUrl = (name: string, version: string | number, path: string): string =>
  `/api/v1/registry/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/files/${encodeURIComponent(path)}`;
