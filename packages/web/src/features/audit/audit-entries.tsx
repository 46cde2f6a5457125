import type { AuditEntry } from '@cluster-ai/contracts';
import { ChevronRight, CircleCheck, CircleX, ShieldX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { cn } from '../../ui/cn.ts';
import { Facts } from '../../ui/surface.tsx';

const looks = {
  ok: { icon: CircleCheck, color: 'text-ready' },
  denied: { icon: ShieldX, color: 'text-warn' },
  failed: { icon: CircleX, color: 'text-fail' },
} as const;

function Outcome({ entry: { result, count } }: { readonly entry: AuditEntry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { icon: Icon, color } = looks[result];
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap">
      <Icon aria-hidden className={cn('size-4 shrink-0', color)} />
      {t(`audit.results.${result}`)}
      {count > 1 && <span className="tabular text-muted-foreground text-xs">{t('audit.times', { number: format.number(count) })}</span>}
    </span>
  );
}

function useActorName(): (actor: AuditEntry['actor']) => string {
  const { t } = useTranslation();
  return ({ kind, name, id }) => (kind === 'person' || kind === 'key' || kind === 'node' ? name || id : t(`audit.actors.${kind}`));
}

const Mono = ({ children }: { readonly children: string }) => <code className="break-all font-mono text-xs">{children}</code>;

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const actorName = useActorName();
  const { at, actor, action, target, address, requestId, sequence, hash, details } = entry;
  return (
    <li className="border-t first:border-t-0">
      <details className="group">
        <summary className="grid cursor-pointer list-none grid-cols-[1rem_1fr_auto] items-center gap-x-3 gap-y-0.5 px-4 py-2.5 hover:bg-muted lg:grid-cols-[1rem_11rem_10rem_1fr_minmax(8rem,14rem)_8rem] [&::-webkit-details-marker]:hidden">
          <ChevronRight aria-hidden className="size-4 text-muted-foreground transition-transform group-open:rotate-90" />
          <time dateTime={at} className="tabular text-muted-foreground text-[0.8125rem]">
            {format.dateTimeSeconds(at)}
          </time>
          <span className="order-last col-start-2 break-words font-medium lg:order-none lg:col-start-auto">{actorName(actor)}</span>
          <span className="order-last col-span-2 col-start-2 lg:order-none lg:col-span-1 lg:col-start-auto">
            <Mono>{action}</Mono>
          </span>
          <span className="order-last col-span-2 col-start-2 text-muted-foreground empty:hidden lg:order-none lg:col-span-1 lg:col-start-auto lg:empty:block">
            {target !== '' && <Mono>{target}</Mono>}
          </span>
          <Outcome entry={entry} />
        </summary>
        <div className="border-t bg-muted/40 px-4 py-3 lg:pl-11">
          <Facts
            facts={[
              [
                t('audit.facts.actor'),
                `${t(`audit.actors.${actor.kind}`)}${actor.name === '' ? '' : ` · ${actor.name}`}${actor.role === '' ? '' : ` · ${actor.role}`}`,
              ],
              [t('audit.facts.address'), address || t('audit.noAddress')],
              [
                t('audit.facts.details'),
                Object.keys(details).length === 0 ? t('audit.noDetails') : <Mono key="d">{JSON.stringify(details)}</Mono>,
              ],
              [t('audit.facts.request'), requestId === '' ? '–' : <Mono key="r">{requestId}</Mono>],
              [
                t('audit.facts.sequence'),
                <span key="s" className="tabular">
                  {format.number(sequence)}
                </span>,
              ],
              [t('audit.facts.hash'), <Mono key="h">{hash}</Mono>],
            ]}
          />
        </div>
      </details>
    </li>
  );
}

/** Lines of the record, newest first; each opens to all that is known of it. */
export function AuditEntries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <ul>
      {entries.map((entry) => (
        <Entry key={entry.sequence} entry={entry} />
      ))}
    </ul>
  );
}
