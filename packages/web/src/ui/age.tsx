import { useFormat } from '../i18n/i18n.ts';
import { useNow } from './use-now.ts';

/** How long ago something was, kept current; the exact time on hover. */
export function Age({ iso }: { readonly iso: string }) {
  const format = useFormat();
  const distance = Math.min(0, new Date(iso).getTime() - useNow());
  return (
    <time dateTime={iso} title={format.dateTime(iso)} className="tabular whitespace-nowrap">
      {format.distance(distance)}
    </time>
  );
}
