import type { CatalogAlias } from '@cluster-ai/contracts';
import { Lock, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useAliasHistory } from '../../api/registry-queries.ts';
import { useMay } from '../../api/use-may.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Panel } from '../../ui/surface.tsx';

function History({ model, alias }: { readonly model: string; readonly alias: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: moves, error } = useAliasHistory(model, alias);
  if (error) return <ErrorNotice error={error} />;
  return (
    <ol className="mt-2 grid gap-1 border-l pl-3 text-muted-foreground text-xs">
      {moves?.map((move) => (
        <li key={`${move.at} ${move.to}`}>
          {format.dateTime(move.at)} ·{' '}
          {move.to === null
            ? t('registry.moves.remove')
            : t(`registry.moves.${move.kind === 'rollback' ? 'rollback' : 'move'}`, { from: move.from ?? '–', to: move.to })}{' '}
          · {move.actor}
        </li>
      ))}
    </ol>
  );
}

interface AliasRowProps {
  readonly model: string;
  readonly entry: CatalogAlias;
  onAct(act: 'rollback' | 'remove'): void;
}

function AliasRow({ model, entry, onAct }: AliasRowProps) {
  const { t } = useTranslation();
  const may = useMay();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const mayMove = may(entry.isProtected ? 'models:protect' : 'models:write');
  return (
    <li className="border-t py-2.5 first:border-t-0 first:pt-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="flex min-w-0 flex-1 basis-48 flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium">{entry.alias}</span>
          <span>{t('registry.pointsTo', { version: entry.version })}</span>
          {entry.isProtected && <Chip icon={<Lock aria-hidden />}>{t('registry.protected')}</Chip>}
          <span className="text-muted-foreground text-xs">{format.dateTime(entry.updatedAt)}</span>
        </div>
        <Button size="small" look="ghost" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t('registry.history')}
          <span className="sr-only">{entry.alias}</span>
        </Button>
        {mayMove && (
          <Button size="small" onClick={() => onAct('rollback')}>
            <Undo2 aria-hidden />
            {t('registry.rollback')}
            <span className="sr-only">{entry.alias}</span>
          </Button>
        )}
        {mayMove && entry.alias !== 'latest' && (
          <Button size="small" look="ghost" onClick={() => onAct('remove')}>
            {t('common.delete')}
            <span className="sr-only">{entry.alias}</span>
          </Button>
        )}
      </div>
      {isOpen && <History model={model} alias={entry.alias} />}
    </li>
  );
}

/** The pointers of a model: where each points, where it has pointed, and the way back. */
export function AliasPanel({ model, aliases }: { readonly model: string; readonly aliases: readonly CatalogAlias[] }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [asked, setAsked] = useState<{ readonly alias: string; readonly act: 'rollback' | 'remove' }>();
  async function act({ alias, act: what }: NonNullable<typeof asked>): Promise<void> {
    if (what === 'remove') await cluster.removeAlias(model, alias);
    else {
      const { version } = await cluster.rollbackAlias(model, alias);
      toast.success(t('registry.rolledBack', { alias, version }));
    }
    await queryClient.invalidateQueries({ queryKey: ['registry', 'model', model] });
  }
  return (
    <Panel title={t('models.facts.aliases')}>
      <p className="mb-3 text-muted-foreground">{t('registry.aliasesText')}</p>
      <ul>
        {aliases.map((entry) => (
          <AliasRow key={entry.alias} model={model} entry={entry} onAct={(what) => setAsked({ alias: entry.alias, act: what })} />
        ))}
      </ul>
      {asked && (
        <Confirm
          look={asked.act === 'remove' ? 'danger' : 'primary'}
          title={t(`registry.ask.${asked.act}`, { alias: asked.alias })}
          description={t(`registry.askText.${asked.act}`)}
          action={asked.act === 'remove' ? t('common.delete') : t('registry.rollback')}
          onClose={() => setAsked(undefined)}
          onConfirm={() => act(asked)}
        />
      )}
    </Panel>
  );
}
