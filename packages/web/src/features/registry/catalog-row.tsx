import type { CatalogModel, Model } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { MessageSquare } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/use-may.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { canChat } from '../chat/choose-model.ts';
import { VerdictChip } from './verdict-chip.tsx';
import { versionName } from './version-name.ts';

export interface CatalogRowProps {
  readonly model: CatalogModel;
  readonly description: string;
  /** The same model as serving knows it; undefined for what no engine here can run. */
  readonly served: Model | undefined;
}

/** One model of the list: what it is, how large, and whether it answers now. */
export function CatalogRow({ model, description, served }: CatalogRowProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const { latest } = model;
  const summary = [
    model.framework,
    format.bytes(model.sizeBytes),
    model.parameterCount !== null &&
      t('registry.parameters', { count: model.parameterCount, number: format.compact(model.parameterCount) }),
    served?.latest.facts.quantization,
    t('models.version', { version: versionName(latest) }),
    model.task,
    model.licence,
  ];
  const isTroubling = latest.verdict === 'suspicious' || latest.verdict === 'dangerous';
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-4 py-3.5 first:border-t-0">
      <div className="min-w-0 flex-1 basis-64">
        <Link
          to="/models/$name"
          params={{ name: model.name }}
          className="inline-flex min-h-6 items-center font-medium underline-offset-2 [overflow-wrap:anywhere] hover:underline"
        >
          {model.name}
        </Link>
        {description && <p className="line-clamp-2 text-muted-foreground">{description}</p>}
        <p className="tabular mt-0.5 text-muted-foreground text-xs">{summary.filter(Boolean).join(' · ')}</p>
      </div>
      {isTroubling && <VerdictChip verdict={latest.verdict} />}
      {served && (
        <div className="flex items-center gap-3">
          <span className="text-muted-foreground">{[...new Set(served.replicas.map(({ node }) => node))].join(', ')}</span>
          <StateBadge condition={served.condition} of={model.name} />
        </div>
      )}
      {served && may('chats:write') && canChat(served) && (
        <Button asChild size="small">
          <Link to="/chat" search={{ model: model.name }}>
            <MessageSquare aria-hidden />
            {t('models.chat')}
            <span className="sr-only">{model.name}</span>
          </Link>
        </Button>
      )}
    </li>
  );
}
