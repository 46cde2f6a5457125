import type { AuditVerification } from '@cluster-ai/contracts';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ScrollText, ShieldCheck } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { useAudit } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { AuditEntries } from '../features/audit/audit-entries.tsx';
import { type AuditSearch, toAuditFilter, toExportUrl } from '../features/audit/audit-filter.ts';
import { AuditSearchForm } from '../features/audit/audit-search-form.tsx';
import { VerificationNotice } from '../features/audit/verify-record.tsx';
import { Button } from '../ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';
import { ErrorNotice, LoadFailure } from '../ui/notice.tsx';
import { Card, Empty, Page, Skeleton } from '../ui/surface.tsx';
import { useAction } from '../ui/use-action.ts';

function ExportMenu({ search }: { readonly search: AuditSearch }) {
  const { t } = useTranslation();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button>
          <Download aria-hidden />
          {t('audit.export')}
        </Button>
      </MenuTrigger>
      <MenuContent>
        {(['csv', 'jsonl'] as const).map((format) => (
          <MenuItem key={format} asChild>
            <a href={toExportUrl(search, format)} download={`audit.${format}`}>
              {t(`audit.formats.${format}`)}
            </a>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}

function Record({ search }: { readonly search: AuditSearch }) {
  const { t } = useTranslation();
  const filter = useMemo(() => toAuditFilter(search), [search]);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useAudit(filter);
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  if (error && !data) return <LoadFailure error={error} title={t('audit.listFailed')} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-72" />;
  return (
    <div className="grid gap-3">
      {error && <ErrorNotice error={error} title={t('audit.listFailed')} onRetry={() => void refetch()} />}
      <Card className="overflow-hidden">
        {entries.length === 0 ? (
          <Empty icon={<ScrollText aria-hidden />} title={hasNextPage ? t('audit.noneYet') : t('audit.empty')}>
            {hasNextPage ? t('audit.noneYetText') : t('audit.emptyText')}
          </Empty>
        ) : (
          <AuditEntries entries={entries} />
        )}
      </Card>
      {hasNextPage && (
        <Button className="justify-self-center" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? t('common.loading') : t('audit.older')}
        </Button>
      )}
    </div>
  );
}

/** Who did what: searched, read on, exported, and checked for changes. */
export function AuditPage() {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/audit' });
  const { isBusy, error, run } = useAction();
  const [verification, setVerification] = useState<AuditVerification>();
  const isAllowed = may('audit:read');
  return (
    <Page
      title={t('pages.audit')}
      lead={t('audit.lead')}
      actions={
        isAllowed && (
          <>
            <ExportMenu search={search} />
            <Button disabled={isBusy} onClick={() => void run(async () => setVerification(await cluster.verifyAudit()))}>
              <ShieldCheck aria-hidden />
              {isBusy ? t('audit.verifying') : t('audit.verify')}
            </Button>
          </>
        )
      }
    >
      <div className="grid gap-4">
        {error !== undefined && <ErrorNotice error={error} title={t('audit.verifyFailed')} />}
        {verification && !isBusy && <VerificationNotice verification={verification} />}
        {isAllowed && <AuditSearchForm search={search} onSearch={(next) => void navigate({ to: '/audit', search: next })} />}
        <Record search={search} />
      </div>
    </Page>
  );
}
