import type { KeyRotation } from '@cluster-ai/contracts';
import { LoaderCircle, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Age } from '../../ui/age.tsx';

function Rotation({ rotation: { purpose, toVersion, phase, done, unreadable, startedAt } }: { readonly rotation: KeyRotation }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <li className="flex items-start gap-3 rounded-lg border p-3">
      <LoaderCircle aria-hidden className="mt-0.5 size-4 shrink-0 animate-spin text-busy" />
      <div className="grid min-w-0 gap-0.5">
        <p className="font-medium">{t('secrets.rotating', { purpose, version: toVersion })}</p>
        <p>{t(`secrets.phases.${phase}`, { count: done, number: format.number(done) })}</p>
        {unreadable > 0 && (
          <p className="flex items-center gap-1.5">
            <TriangleAlert aria-hidden className="size-4 shrink-0 text-warn" />
            {t('secrets.unreadable', { count: unreadable, number: format.number(unreadable) })}
          </p>
        )}
        <p className="text-muted-foreground text-xs">
          {t('state.since')} <Age iso={startedAt} />
        </p>
      </div>
    </li>
  );
}

/** Keys that are being replaced, and how far that is. Nothing where none is. */
export function Rotations({ rotations }: { readonly rotations: readonly KeyRotation[] }) {
  return (
    <div role="status" className="empty:hidden">
      {rotations.length > 0 && (
        <ul className="grid gap-2">
          {rotations.map((rotation) => (
            <Rotation key={rotation.purpose} rotation={rotation} />
          ))}
        </ul>
      )}
    </div>
  );
}
