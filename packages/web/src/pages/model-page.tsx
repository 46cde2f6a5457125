import type { CatalogDetails, ModelDetails } from '@cluster-ai/contracts';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft, MessageSquare } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useModel } from '../api/queries.ts';
import { useCatalogModel } from '../api/registry-queries.ts';
import { useMay } from '../api/use-may.ts';
import { canChat } from '../features/chat/choose-model.ts';
import { LoadButton } from '../features/models/load-button.tsx';
import { RemovePanel } from '../features/models/remove-panel.tsx';
import { RunningPanel } from '../features/models/running-panel.tsx';
import { AboutPanel } from '../features/registry/about-panel.tsx';
import { AliasPanel } from '../features/registry/alias-panel.tsx';
import { FilePanel } from '../features/registry/file-panel.tsx';
import { type ModelTab, modelTabs } from '../features/registry/model-tabs.ts';
import { UsePanel } from '../features/registry/use-panel.tsx';
import { VersionPanel } from '../features/registry/version-panel.tsx';
import { Button } from '../ui/button.tsx';
import { ErrorNotice, LoadFailure, ModelNotice } from '../ui/notice.tsx';
import { Reason, StateBadge } from '../ui/state-badge.tsx';
import { Card, Page, Skeleton } from '../ui/surface.tsx';
import { Tabs } from '../ui/tabs.tsx';

interface DetailsProps {
  readonly model: CatalogDetails;
  /** The same model as serving knows it; undefined for what no engine here can run. */
  readonly served: ModelDetails | undefined;
}

function Content({ tab, model, served }: DetailsProps & { readonly tab: ModelTab }): ReactNode {
  const may = useMay();
  switch (tab) {
    case 'about':
      return <AboutPanel model={model} served={served} />;
    case 'versions':
      return (
        <div className="grid grid-cols-1 gap-4">
          <AliasPanel model={model.name} aliases={model.aliases} />
          <VersionPanel model={model.name} />
          {may('models:write') && <RemovePanel name={model.name} />}
        </div>
      );
    case 'files':
      return <FilePanel model={model.name} version={model.latest} />;
    case 'running':
      return served && <RunningPanel model={served} />;
    case 'use':
      return <UsePanel model={model.name} version={model.latest} canChat={served !== undefined && canChat(served)} />;
  }
}

function Details({ model, served }: DetailsProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { tab = 'about' } = useSearch({ from: '/models/$name' });
  const [failure, setFailure] = useState<unknown>();
  const tabs = modelTabs.filter((one) => one !== 'running' || served !== undefined);
  return (
    <Page
      title={model.name}
      lead={served && <StateBadge condition={served.condition} of={model.name} />}
      actions={
        <>
          <BackToModels />
          {served && <LoadButton model={served} onFailure={setFailure} />}
          {served && canChat(served) && (
            <Button asChild look="primary">
              <Link to="/chat" search={{ model: model.name }}>
                <MessageSquare aria-hidden />
                {t('models.chat')}
              </Link>
            </Button>
          )}
        </>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        {failure !== undefined && <ErrorNotice error={failure} title={t('models.loadError', { name: model.name })} />}
        {served && <ModelNotice model={served} />}
        {served && served.condition.state !== 'ready' && (
          <Card className="p-4">
            <Reason condition={served.condition} />
          </Card>
        )}
        <Tabs
          label={model.name}
          value={tabs.includes(tab) ? tab : 'about'}
          onChoose={(next) =>
            void navigate({
              to: '/models/$name',
              params: { name: model.name },
              search: next === 'about' ? {} : { tab: next },
              replace: true,
            })
          }
          tabs={tabs.map((value) => ({
            value,
            label: t(`registry.tabs.${value}`),
            content: <Content tab={value} model={model} served={served} />,
          }))}
        />
      </div>
    </Page>
  );
}

function BackToModels() {
  const { t } = useTranslation();
  return (
    <Button asChild look="ghost">
      <Link to="/models">
        <ArrowLeft aria-hidden />
        {t('pages.models')}
      </Link>
    </Button>
  );
}

/** One model: its card, versions and aliases, files, where it runs, and how it is used. */
export function ModelPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/models/$name' });
  const { data: model, error, refetch } = useCatalogModel(name);
  const { data: served, isPending } = useModel(name);
  if (model && !isPending) return <Details model={model} served={served} />;
  return (
    <Page title={name} actions={<BackToModels />}>
      {error ? (
        <LoadFailure error={error} title={t('models.loadFailedPage')} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-48" />
      )}
    </Page>
  );
}
