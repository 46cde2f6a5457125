import type { Model } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { Box, MessageSquare, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useModels } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { canChat } from '../features/chat/choose-model.ts';
import { AddModelDialog } from '../features/models/add-model-dialog.tsx';
import { FoundFiles } from '../features/models/found-files.tsx';
import { useDescribeModel } from '../i18n/explain.ts';
import { useFormat } from '../i18n/i18n.ts';
import { Button } from '../ui/button.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

function ModelRow({ model }: { readonly model: Model }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const { facts, sizeBytes } = model.latest;
  const summary = [format.bytes(sizeBytes), facts.parameterSize, facts.quantization, t('models.versions', { count: model.versionCount })];
  const description = useDescribeModel()(model);
  const nodes = [...new Set(model.replicas.map(({ node }) => node))];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-4 py-3.5 first:border-t-0">
      <div className="min-w-0 flex-1 basis-64">
        <Link
          to="/models/$name"
          params={{ name: model.name }}
          className="inline-flex min-h-6 items-center font-medium underline-offset-2 hover:underline"
        >
          {model.name}
        </Link>
        {description && <p className="line-clamp-2 text-muted-foreground">{description}</p>}
        <p className="tabular mt-0.5 text-muted-foreground text-xs">{summary.filter(Boolean).join(' · ')}</p>
      </div>
      <div className="flex items-center gap-3">
        {nodes.length > 0 && <span className="text-muted-foreground">{nodes.join(', ')}</span>}
        <StateBadge condition={model.condition} of={model.name} />
      </div>
      {may('chats:write') && canChat(model) && (
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

export function ModelsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data, error, refetch } = useModels();
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title={t('pages.models')}
      actions={
        may('models:write') && (
          <Button look="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden />
            {t('models.add')}
          </Button>
        )
      }
    >
      <div className="grid gap-4">
        {error && !data && <LoadFailure error={error} title={t('models.listFailed')} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton className="h-48" />}
        {data && (
          <Card>
            {data.models.length === 0 ? (
              <Empty icon={<Box aria-hidden />} title={t('models.empty')}>
                {t('models.emptyText')}
              </Empty>
            ) : (
              <ul>
                {data.models.map((model) => (
                  <ModelRow key={model.name} model={model} />
                ))}
              </ul>
            )}
          </Card>
        )}
        <FoundFiles />
      </div>
      <AddModelDialog isOpen={isAdding} onClose={() => setAdding(false)} />
    </Page>
  );
}
