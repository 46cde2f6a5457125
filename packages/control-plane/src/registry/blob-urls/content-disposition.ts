/** RFC 6266: the name in letters that every program reads, and the real one beside it. Nothing of it can end the header or leave a folder. */
export function toContentDisposition(fileName: string): string {
  const base = fileName.split(/[/\\]/).at(-1) ?? '';
  const clean =
    [...base]
      .filter((letter) => letter >= ' ' && letter !== '\u007f')
      .join('')
      .trim() || 'model';
  const plain = clean.replaceAll(/[^\w.() -]/g, '_');
  const encoded = encodeURIComponent(clean.toWellFormed()).replaceAll(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
