import type { LimitUse, UsageReport } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Meter } from '../../ui/meter.tsx';

const spans = ['minute', 'day', 'month', 'ever'] as const;
const cell = 'py-1.5 text-right';

/** What was used, in the four spans that limits are counted in. */
function Spans({ report }: { readonly report: UsageReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <table className="tabular w-full max-w-md text-[0.8125rem]">
      <thead className="text-muted-foreground">
        <tr>
          <th scope="col" className="text-left font-normal">
            <span className="sr-only">{t('limits.span')}</span>
          </th>
          <th scope="col" className={`${cell} font-normal`}>
            {t('limits.requests')}
          </th>
          <th scope="col" className={`${cell} font-normal`}>
            {t('limits.tokens')}
          </th>
        </tr>
      </thead>
      <tbody>
        {spans.map((span) => (
          <tr key={span} className="border-t">
            <th scope="row" className="py-1.5 text-left font-normal">
              {t(`limits.spans.${span}`)}
            </th>
            <td className={cell}>{format.number(report[span].requests)}</td>
            <td className={cell}>{format.number(report[span].tokens)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Limit({ use: { name, limit, used, resetsAt } }: { readonly use: LimitUse }) {
  const { t } = useTranslation();
  const format = useFormat();
  const label = t(`keys.limitNames.${name}`);
  const text = t('keys.usedOf', { used: format.number(used), limit: format.number(limit) });
  return (
    <li className="grid gap-1">
      <p className="flex flex-wrap justify-between gap-x-3">
        <span>{label}</span>
        <span className="tabular">{text}</span>
      </p>
      <Meter label={label} value={used / limit} text={text} />
      <p className="text-muted-foreground text-xs">
        {used >= limit ? t('limits.reached') : ''}{' '}
        {resetsAt === null ? t('limits.neverAnew') : t('limits.anew', { time: format.dateTime(resetsAt) })}
      </p>
    </li>
  );
}

/** What was used, and how much of each limit that is. */
export function UsageOf({ report }: { readonly report: UsageReport }) {
  const { t } = useTranslation();
  return (
    <div className="grid items-start gap-x-10 gap-y-4 lg:grid-cols-2">
      <Spans report={report} />
      {report.limits.length === 0 ? (
        <p className="text-muted-foreground">{t('limits.none')}</p>
      ) : (
        <ul className="grid gap-3">
          {report.limits.map((use) => (
            <Limit key={use.name} use={use} />
          ))}
        </ul>
      )}
    </div>
  );
}
