import type { CatalogVersion } from '@cluster-ai/contracts';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Panel } from '../../ui/surface.tsx';
import { fileUrl } from './file-url.ts';
import { versionName } from './version-name.ts';

const SHOWN_AT_ONCE = 50;

/** The files of one version, each to be had by itself. */
export function FilePanel({ model, version }: { readonly model: string; readonly version: CatalogVersion }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  return (
    <Panel title={t('registry.filesOf', { version: versionName(version) })}>
      <ul>
        {version.files.slice(0, shown).map((file) => (
          <li key={file.path} className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t py-2.5 first:border-t-0 first:pt-0">
            <div className="min-w-0 flex-1 basis-64">
              <p className="break-all font-mono text-[0.8125rem]">{file.path}</p>
              <p className="flex items-center gap-1 text-muted-foreground text-xs">
                <span className="truncate font-mono">{file.digest}</span>
                <CopyButton text={file.digest} label={t('registry.copyDigest', { path: file.path })} />
              </p>
            </div>
            <span className="tabular text-muted-foreground">{format.bytes(file.sizeBytes)}</span>
            <Button asChild size="small">
              <a href={fileUrl(model, version.version, file.path)} download={file.path.split('/').at(-1)}>
                <Download aria-hidden />
                {t('registry.download')}
                <span className="sr-only">{file.path}</span>
              </a>
            </Button>
          </li>
        ))}
      </ul>
      {version.files.length > shown && (
        <Button className="mt-3" onClick={() => setShown(shown + SHOWN_AT_ONCE)}>
          {t('common.more')}
        </Button>
      )}
    </Panel>
  );
}
