import type { CatalogVersion, VersionDiff } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useVersionDiff } from '../../api/registry-queries.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { FieldChoice } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Skeleton } from '../../ui/surface.tsx';
import { versionName } from './version-name.ts';

const say = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value);

function Differences({ diff }: { readonly diff: VersionDiff }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { added, removed, changed, unchanged } = diff.files;
  const files = [
    ...added.map(({ path, sizeBytes }) => ({ path, kind: 'added' as const, size: format.bytes(sizeBytes) })),
    ...removed.map(({ path, sizeBytes }) => ({ path, kind: 'removed' as const, size: format.bytes(sizeBytes) })),
    ...changed.map(({ path, before, after }) => ({
      path,
      kind: 'changed' as const,
      size: `${format.bytes(before.sizeBytes)} → ${format.bytes(after.sizeBytes)}`,
    })),
  ];
  return (
    <div className="grid gap-4">
      <section>
        <h3 className="mb-1.5 font-medium">{t('registry.filesTitle')}</h3>
        <ul className="grid gap-1">
          {files.map(({ path, kind, size }) => (
            <li key={`${kind} ${path}`} className="flex flex-wrap gap-x-3">
              <span className="w-20 shrink-0 text-muted-foreground">{t(`registry.changes.${kind}`)}</span>
              <span className="min-w-0 flex-1 break-all font-mono text-[0.8125rem]">{path}</span>
              <span className="tabular text-muted-foreground">{size}</span>
            </li>
          ))}
          <li className="text-muted-foreground">{t('registry.sameFiles', { count: unchanged })}</li>
        </ul>
      </section>
      {diff.metadata.length > 0 && (
        <section>
          <h3 className="mb-1.5 font-medium">{t('registry.metadataTitle')}</h3>
          <dl className="grid gap-1">
            {diff.metadata.map(({ path, before, after }) => (
              <div key={path} className="flex flex-wrap gap-x-3">
                <dt className="w-40 shrink-0 break-words text-muted-foreground">{path}</dt>
                <dd className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                  {say(before)} → {say(after)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

export interface CompareDialogProps {
  readonly model: string;
  readonly version: CatalogVersion;
  readonly versions: readonly CatalogVersion[];
  onClose(): void;
}

/** What changed between two versions: files by their digests, and what is said of them. */
export function CompareDialog({ model, version, versions, onClose }: CompareDialogProps) {
  const { t } = useTranslation();
  const others = versions.filter((other) => other.version !== version.version);
  const [from, setFrom] = useState(String((others.find((other) => other.version < version.version) ?? others[0])?.version ?? ''));
  const { data: diff, error } = useVersionDiff(model, from, String(version.version));
  return (
    <Dialog isOpen onClose={onClose} title={t('registry.compareTitle', { version: versionName(version) })} className="max-w-2xl">
      <div className="grid gap-4">
        <FieldChoice
          label={t('registry.compareWith')}
          value={from}
          choices={others.map((other) => ({ value: String(other.version), label: t('models.version', { version: versionName(other) }) }))}
          onChoose={setFrom}
        />
        {error && <ErrorNotice error={error} />}
        {!diff && !error && <Skeleton className="h-24" />}
        {diff && <Differences diff={diff} />}
      </div>
    </Dialog>
  );
}
