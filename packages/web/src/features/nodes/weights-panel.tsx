import type { WeightsReport } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Facts, Panel } from '../../ui/surface.tsx';

const shortDigest = (digest: string) => digest.replace('sha256:', '').slice(0, 12);

/** What a machine keeps of the weights that it fetched, largest first. */
export function WeightsPanel({ weights }: { readonly weights: WeightsReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { heldBytes, limitBytes, evictions, copies } = weights;
  const held = format.bytes(heldBytes);
  return (
    <Panel title={t('nodes.weights.title')}>
      <Facts
        facts={[
          [t('nodes.weights.held'), limitBytes === null ? held : t('nodes.weights.heldOf', { held, limit: format.bytes(limitBytes) })],
          [t('nodes.weights.evictions'), format.number(evictions)],
          ...copies
            .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
            .map(({ digest, sizeBytes }) => [shortDigest(digest), format.bytes(sizeBytes)] as const),
        ]}
      />
      {copies.length === 0 && <p className="mt-3 text-muted-foreground text-xs">{t('nodes.weights.none')}</p>}
    </Panel>
  );
}
