import type { ReplicaReport } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { StateBadge } from '../../ui/state-badge.tsx';

export interface ReplicaRow {
  readonly replica: ReplicaReport;
  /** What the first column shows: the model on a machine's page, the machine on a model's. */
  readonly subject: ReactNode;
  readonly name: string;
}

const cellStyle = 'py-2 pr-4 align-top sm:whitespace-nowrap';
/** What a phone has no room for. */
const wideOnly = 'hidden sm:table-cell';

/** Running copies of models, each with its state and what it has to work with. */
export function ReplicaTable({ rows, subjectTitle }: { readonly rows: readonly ReplicaRow[]; readonly subjectTitle: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const orUnknown = (value: number | null) => (value === null ? t('common.unknown') : format.number(value));
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left">
        <thead>
          <tr className="border-b text-muted-foreground text-xs [&_th]:py-2 [&_th]:pr-4 [&_th]:font-medium">
            <th scope="col">{subjectTitle}</th>
            <th scope="col">{t('nodes.replica.state')}</th>
            <th scope="col" className={wideOnly}>
              {t('nodes.replica.slots')}
            </th>
            <th scope="col">{t('nodes.replica.rate')}</th>
            <th scope="col" className={wideOnly}>
              {t('nodes.replica.memory')}
            </th>
            <th scope="col" className={wideOnly}>
              {t('nodes.replica.context')}
            </th>
            <th scope="col" className={wideOnly}>
              {t('nodes.replica.engine')}
            </th>
          </tr>
        </thead>
        <tbody className="tabular">
          {rows.map(({ replica, subject, name }) => (
            <tr key={replica.replicaId} className="border-t first:border-t-0">
              <th scope="row" className={`${cellStyle} font-medium`}>
                {subject}
              </th>
              <td className={cellStyle}>
                <span className="flex flex-wrap items-center gap-x-2">
                  <StateBadge condition={replica.condition} of={name} />
                  {replica.progress !== null && <span>{format.percent(replica.progress)}</span>}
                </span>
              </td>
              <td className={`${cellStyle} ${wideOnly}`}>
                {t('nodes.slots', { busy: format.number(replica.busySlots), all: orUnknown(replica.parallel) })}
              </td>
              <td className={cellStyle}>{format.rate(replica.tokensPerSecond)}</td>
              <td className={`${cellStyle} ${wideOnly}`}>{format.memory(replica.memoryBytes)}</td>
              <td className={`${cellStyle} ${wideOnly}`}>{orUnknown(replica.contextSize)}</td>
              <td className={`${cellStyle} ${wideOnly}`}>{replica.engine}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The model of a copy, as a link to its page. The copy names a reference; the page belongs to the model. */
export function ModelLink({ reference }: { readonly reference: string }) {
  const name = toModelName(reference);
  return (
    <Link to="/models/$name" params={{ name }} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
      {name}
    </Link>
  );
}

/** `namespace/name` of `namespace/name:alias@sha256:…`. */
export const toModelName = (reference: string): string => reference.split('@')[0]?.replace(/:[^/:]*$/, '') ?? reference;
