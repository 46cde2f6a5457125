import type { CatalogVersion } from '@cluster-ai/contracts';
import { EllipsisVertical } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Chip } from '../../ui/chip.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../../ui/menu.tsx';
import { VerdictChip } from './verdict-chip.tsx';
import { versionName } from './version-name.ts';

export type VersionAct = 'alias' | 'compare' | 'allow' | 'forbid' | 'remove';

export interface VersionRowProps {
  readonly version: CatalogVersion;
  readonly acts: readonly VersionAct[];
  onAct(act: VersionAct): void;
}

/** One immutable release: what points to it, what was found in it, and what can be done with it. */
export function VersionRow({ version, acts, onAct }: VersionRowProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = versionName(version);
  const summary = [
    format.dateTime(version.createdAt),
    format.bytes(version.sizeBytes),
    t('models.files', { count: version.files.length }),
    version.source,
  ];
  const tags = Object.entries(version.tags);
  return (
    <li className="flex items-start gap-3 border-t py-3 first:border-t-0 first:pt-0">
      <div className="grid min-w-0 flex-1 gap-1.5">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium">{t('models.version', { version: name })}</span>
          {version.semver !== null && (
            <span className="text-muted-foreground text-xs">{t('registry.number', { number: version.version })}</span>
          )}
          {version.aliases.map((alias) => (
            <span key={alias} className="rounded bg-accent px-1.5 py-0.5 text-accent-foreground text-xs">
              {alias}
            </span>
          ))}
          <VerdictChip verdict={version.inspection?.verdict ?? null} />
        </p>
        <p className="tabular text-muted-foreground [overflow-wrap:anywhere]">{summary.filter(Boolean).join(' · ')}</p>
        {tags.length > 0 && (
          <p className="flex flex-wrap gap-1.5">
            {tags.map(([key, value]) => (
              <Chip key={key}>{value === '' ? key : `${key}: ${value}`}</Chip>
            ))}
          </p>
        )}
        {version.inspection?.reasons.map(({ code, detail }) => (
          <p key={`${code} ${detail}`} className="text-muted-foreground text-xs [overflow-wrap:anywhere]">
            {t(`registry.findings.${code as 'unknown'}`, { defaultValue: code })}
            {detail && `: ${detail}`}
          </p>
        ))}
        {version.allowed !== null && (
          <p className="text-xs [overflow-wrap:anywhere]">{t('registry.allowed', { reason: version.allowed.reason })}</p>
        )}
        <p className="break-all font-mono text-muted-foreground text-xs">{version.manifestDigest}</p>
      </div>
      {acts.length > 0 && (
        <Menu>
          <MenuTrigger asChild>
            <IconButton label={t('registry.actsOf', { version: name })} size="icon-small">
              <EllipsisVertical aria-hidden />
            </IconButton>
          </MenuTrigger>
          <MenuContent>
            {acts.map((act) => (
              <MenuItem key={act} onSelect={() => onAct(act)}>
                {t(`registry.acts.${act}`)}
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
      )}
    </li>
  );
}
