import type { CatalogVersion } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useCatalogVersions } from '../../api/registry-queries.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { LoadFailure } from '../../ui/notice.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';
import { AliasDialog } from './alias-dialog.tsx';
import { AllowDialog } from './allow-dialog.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { versionName } from './version-name.ts';
import { type VersionAct, VersionRow } from './version-row.tsx';

interface Asked {
  readonly act: VersionAct;
  readonly version: CatalogVersion;
}

function Answer({
  model,
  asked,
  versions,
  onClose,
}: {
  readonly model: string;
  readonly asked: Asked;
  readonly versions: readonly CatalogVersion[];
  onClose(): void;
}) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { act, version } = asked;
  if (act === 'alias') return <AliasDialog model={model} version={version} onClose={onClose} />;
  if (act === 'compare') return <CompareDialog model={model} version={version} versions={versions} onClose={onClose} />;
  if (act === 'allow' || act === 'forbid')
    return <AllowDialog model={model} version={version} isUndo={act === 'forbid'} onClose={onClose} />;
  const name = versionName(version);
  async function remove(): Promise<void> {
    await cluster.removeVersion(model, version.version);
    await queryClient.invalidateQueries({ queryKey: ['registry'] });
    toast.success(t('registry.versionRemoved', { version: name }));
  }
  return (
    <Confirm
      title={t('registry.ask.version', { version: name })}
      description={t('registry.askText.version')}
      action={t('common.delete')}
      onClose={onClose}
      onConfirm={remove}
    />
  );
}

/** What is dangerous is never allowed. */
const allowanceOf = ({ inspection, allowed }: CatalogVersion): VersionAct[] =>
  allowed !== null ? ['forbid'] : inspection?.verdict === 'suspicious' ? ['allow'] : [];

/** All versions of a model, newest first, a page at a time. */
export function VersionPanel({ model }: { readonly model: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useCatalogVersions(model);
  const [asked, setAsked] = useState<Asked>();
  const versions = data?.pages.flatMap((page) => page.versions) ?? [];
  const actsOf = (version: CatalogVersion): VersionAct[] => [
    ...(may('models:write') ? (['alias'] as const) : []),
    ...(versions.length > 1 ? (['compare'] as const) : []),
    ...(may('models:protect') ? allowanceOf(version) : []),
    ...(may('models:write') && versions.length > 1 && version.aliases.length === 0 ? (['remove'] as const) : []),
  ];
  return (
    <Panel title={t('models.versionsTitle')}>
      {error && !data && <LoadFailure error={error} title={t('registry.versionsFailed')} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-32" />}
      <ul>
        {versions.map((version) => (
          <VersionRow key={version.version} version={version} acts={actsOf(version)} onAct={(act) => setAsked({ act, version })} />
        ))}
      </ul>
      {hasNextPage && (
        <Button className="mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? t('common.loading') : t('common.more')}
        </Button>
      )}
      {asked && <Answer model={model} asked={asked} versions={versions} onClose={() => setAsked(undefined)} />}
    </Panel>
  );
}
