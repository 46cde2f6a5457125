import type { CatalogDetails, Model } from '@cluster-ai/contracts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useDescribeModel } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Facts, Panel } from '../../ui/surface.tsx';
import { VerdictChip } from './verdict-chip.tsx';

/** The card of a model: what is known of it, from its files and from those who registered it. */
export function AboutPanel({ model, served }: { readonly model: CatalogDetails; readonly served: Model | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const describe = useDescribeModel();
  const { latest } = model;
  const { facts } = latest;
  const description = (served ? describe(served) : model.description) || facts.description;
  const known: readonly (readonly [string, ReactNode])[] = [
    [t('models.facts.size'), format.bytes(latest.sizeBytes)],
    [t('registry.facets.framework'), model.framework],
    [t('models.facts.architecture'), facts.architecture],
    [
      t('models.facts.parameters'),
      model.parameterCount === null
        ? facts.parameterSize
        : `${format.compact(model.parameterCount)} (${format.number(model.parameterCount)})`,
    ],
    [t('models.facts.quantization'), facts.quantization],
    [t('models.facts.context'), facts.contextLength !== null && t('models.facts.contextTokens', { count: facts.contextLength })],
    [t('models.facts.capabilities'), facts.capabilities.map((capability) => t(`models.capabilities.${capability}`)).join(', ')],
    [t('registry.facets.task'), model.task],
    [t('registry.facets.language'), model.languages.join(', ')],
    [t('models.facts.licence'), model.licence || facts.licence],
    [t('registry.checked'), <VerdictChip key="verdict" verdict={latest.inspection?.verdict ?? null} />],
    [t('models.facts.source'), latest.source === 'bundled' ? t('models.facts.bundled') : latest.source],
    [t('registry.created'), format.dateTime(model.createdAt)],
    [
      t('registry.digest'),
      <span key="digest" className="break-all font-mono text-xs">
        {latest.manifestDigest}
      </span>,
    ],
  ];
  const metrics = Object.entries({ ...model.metadata.metrics, ...latest.metadata.metrics });
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
      <Panel title={t('models.about')}>
        {description && <p className="mb-3 whitespace-pre-line [overflow-wrap:anywhere]">{description}</p>}
        <Facts facts={known.filter(([, value]) => value)} />
      </Panel>
      {metrics.length > 0 && (
        <Panel title={t('registry.metrics')}>
          <Facts facts={metrics.map(([name, value]) => [name, typeof value === 'number' ? format.exact(value) : String(value)])} />
        </Panel>
      )}
    </div>
  );
}
