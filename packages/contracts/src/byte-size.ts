const units = ['B', 'KB', 'MB', 'GB', 'TB', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const factors: readonly number[] = [1, 1e3, 1e6, 1e9, 1e12, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4];
const size = new RegExp(`^(\\d{1,9}(?:\\.\\d{1,6})?) ?(${units.join('|')})$`, 'i');

/** Bytes of a size as people write it: `10GB`, `512 MiB`. `undefined` for an empty text and for anything else. */
export function toBytes(text: string): number | undefined {
  const [, number = '', unit = ''] = size.exec(text.trim()) ?? [];
  const factor = factors[units.findIndex((known) => known.toLowerCase() === unit.toLowerCase())];
  return factor === undefined ? undefined : Math.floor(Number(number) * factor);
}

/** Whether a text of the configuration is a size, or empty. */
export const isByteSize = (text: string): boolean => text.trim() === '' || toBytes(text) !== undefined;
