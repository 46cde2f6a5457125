import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useLoadHistory } from '../../api/queries.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { useLiveState } from '../../live/live.ts';
import { joinPast, type LoadPoint } from '../../live/load-points.ts';
import { Button } from '../../ui/button.tsx';
import { Panel, Skeleton } from '../../ui/surface.tsx';

const TimeChart = lazy(async () => ({ default: (await import('../../ui/time-chart.tsx')).TimeChart }));

function LoadTable({ load }: { readonly load: readonly LoadPoint[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section aria-label={t('overview.chart.title')} tabIndex={0} className="max-h-45 overflow-y-auto">
      <table className="tabular w-full text-left">
        <thead className="text-muted-foreground">
          <tr>
            <th scope="col" className="py-1 font-medium">
              {t('overview.chart.time')}
            </th>
            <th scope="col" className="py-1 text-right font-medium">
              {t('overview.chart.title')}
            </th>
          </tr>
        </thead>
        <tbody>
          {load.toReversed().map(({ at, tokensPerSecond }) => (
            <tr key={at} className="border-t">
              <td className="py-1">{format.time(at)}</td>
              <td className="py-1 text-right">{tokensPerSecond === null ? t('connection.offline') : format.rate(tokensPerSecond)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Tokens per second of the last minutes, from before the page was opened too, as a line or as a table. */
export function LoadChart() {
  const { t } = useTranslation();
  const { load: own } = useLiveState(useApp().live);
  const { data: past } = useLoadHistory();
  const load = useMemo(() => joinPast(past ?? [], own), [past, own]);
  const format = useFormat();
  const [isTable, setTable] = useState(false);
  const values = load.map(({ tokensPerSecond }) => tokensPerSecond);
  const summary = t('overview.chart.summary', {
    now: format.rate(values.at(-1) ?? 0),
    most: format.rate(Math.max(0, ...values.map((value) => value ?? 0))),
  });
  return (
    <Panel
      title={t('overview.chart.title')}
      actions={
        load.length > 1 && (
          <Button size="small" look="ghost" onClick={() => setTable(!isTable)}>
            {isTable ? t('overview.chart.chart') : t('overview.chart.table')}
          </Button>
        )
      }
    >
      {load.length < 2 ? (
        <p className="flex h-45 items-center justify-center text-muted-foreground">{t('overview.chart.collecting')}</p>
      ) : isTable ? (
        <LoadTable load={load} />
      ) : (
        <Suspense fallback={<Skeleton className="h-45" />}>
          <TimeChart
            times={load.map(({ at }) => at)}
            values={values}
            summary={summary}
            formatTime={format.time}
            formatValue={format.rate}
          />
        </Suspense>
      )}
      {load.length > 1 && (
        <p className="mt-1 text-muted-foreground text-xs">
          {t('overview.chart.span', { span: format.duration((load.at(-1)?.at ?? 0) - (load[0]?.at ?? 0)) })}
        </p>
      )}
    </Panel>
  );
}
