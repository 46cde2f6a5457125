import type { CatalogModel, FacetCounts, Model } from '@cluster-ai/contracts';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Box, ChevronDown, CloudDownload, FileInput, Plus, SearchX, Upload } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useModels } from '../api/queries.ts';
import { useCatalog } from '../api/registry-queries.ts';
import { useMay } from '../api/use-may.ts';
import { AddModelDialog } from '../features/models/add-model-dialog.tsx';
import { FoundFiles } from '../features/models/found-files.tsx';
import { Activity } from '../features/registry/activity.tsx';
import { CatalogRow } from '../features/registry/catalog-row.tsx';
import { FacetMenu, FacetPanel } from '../features/registry/facet-panel.tsx';
import { ImportDialog } from '../features/registry/import-dialog.tsx';
import { isNarrowed, type ListSearch } from '../features/registry/list-search.ts';
import { SearchBar } from '../features/registry/search-bar.tsx';
import { UploadDialog } from '../features/registry/upload-dialog.tsx';
import { useDescribeModel } from '../i18n/explain.ts';
import { Button } from '../ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';
import { ErrorNotice, LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';

const noCounts: FacetCounts = { framework: [], task: [], licence: [], language: [], size: [], namespace: [] };

type Way = 'upload' | 'import' | 'path';
const ways = [
  ['upload', Upload],
  ['import', CloudDownload],
  ['path', FileInput],
] as const satisfies readonly (readonly [Way, typeof Upload])[];

function AddMenu({ onChoose }: { onChoose(way: Way): void }) {
  const { t } = useTranslation();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button look="primary">
          <Plus aria-hidden />
          {t('models.add')}
          <ChevronDown aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent>
        {ways.map(([way, Icon]) => (
          <MenuItem key={way} onSelect={() => onChoose(way)}>
            <Icon aria-hidden />
            {t(`registry.ways.${way}`)}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}

function Rows({ models, served }: { readonly models: readonly CatalogModel[]; readonly served: readonly Model[] }) {
  const describe = useDescribeModel();
  const byName = useMemo(() => new Map(served.map((model) => [model.name, model])), [served]);
  return (
    <ul>
      {models.map((model) => {
        const known = byName.get(model.name);
        return <CatalogRow key={model.name} model={model} served={known} description={known ? describe(known) : model.description} />;
      })}
    </ul>
  );
}

function List({ search, onSearch }: { readonly search: ListSearch; onSearch(next: ListSearch): void }) {
  const { t } = useTranslation();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useCatalog(search);
  const { data: served } = useModels();
  const models = data?.pages.flatMap((page) => page.models) ?? [];
  const counts: FacetCounts = data?.pages[0]?.facets ?? noCounts;
  const hasFacets = Object.values(counts).some((values) => values.length > 1);
  if (error && !data) return <LoadFailure error={error} title={t('models.listFailed')} onRetry={() => void refetch()} />;
  return (
    <div className="grid gap-3">
      <SearchBar search={search} onSearch={onSearch}>
        {hasFacets && (
          <span className="lg:hidden">
            <FacetMenu counts={counts} search={search} onSearch={onSearch} />
          </span>
        )}
      </SearchBar>
      <div className={hasFacets ? 'grid grid-cols-1 items-start gap-4 lg:grid-cols-[13rem_minmax(0,1fr)]' : ''}>
        {hasFacets && (
          <aside aria-label={t('registry.filter')} className="hidden lg:block">
            <FacetPanel counts={counts} search={search} onSearch={onSearch} />
          </aside>
        )}
        <div className="grid min-w-0 gap-3">
          {error && <ErrorNotice error={error} title={t('models.listFailed')} onRetry={() => void refetch()} />}
          {!data && <Skeleton className="h-48" />}
          {data && (
            <Card>
              {models.length > 0 && <Rows models={models} served={served?.models ?? []} />}
              {models.length === 0 && isNarrowed(search) && (
                <Empty icon={<SearchX aria-hidden />} title={t('registry.nothing')}>
                  <Button onClick={() => onSearch({})}>{t('registry.clear')}</Button>
                </Empty>
              )}
              {models.length === 0 && !isNarrowed(search) && (
                <Empty icon={<Box aria-hidden />} title={t('models.empty')}>
                  {t('models.emptyText')}
                </Empty>
              )}
            </Card>
          )}
          {hasNextPage && (
            <Button className="justify-self-center" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {isFetchingNextPage ? t('common.loading') : t('common.more')}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}

/** All models of the cluster: found by words and facets, added from this computer, from elsewhere, or from what lies here already. */
export function ModelsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/models' });
  const [way, setWay] = useState<Way>();
  const close = () => setWay(undefined);
  return (
    <Page title={t('pages.models')} actions={may('models:write') && <AddMenu onChoose={setWay} />}>
      <div className="grid grid-cols-1 gap-4">
        <Activity />
        <List search={search} onSearch={(next) => void navigate({ to: '/models', search: next, replace: true })} />
        <FoundFiles />
      </div>
      {way === 'upload' && <UploadDialog onClose={close} />}
      {way === 'import' && <ImportDialog onClose={close} />}
      <AddModelDialog isOpen={way === 'path'} onClose={close} />
    </Page>
  );
}
