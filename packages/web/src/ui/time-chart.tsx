import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useIsDark } from '../shell/theme.ts';

export interface TimeChartProps {
  /** Epoch milliseconds. */
  readonly times: readonly number[];
  /** Null is a gap in the line. */
  readonly values: readonly (number | null)[];
  /** What the chart shows, in words: a canvas says nothing to a screen reader. */
  readonly summary: string;
  formatTime(epochMs: number): string;
  formatValue(value: number): string;
}

const HEIGHT = 180;

// A canvas does not know the page's variables: colours are read from it when the chart is drawn.
const readColor = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function toOptions(width: number, { formatTime, formatValue }: Pick<TimeChartProps, 'formatTime' | 'formatValue'>): uPlot.Options {
  const axis = {
    stroke: readColor('--muted-foreground'),
    grid: { stroke: readColor('--border'), width: 1 },
    ticks: { show: false },
    font: '12px Inter Variable',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { setScale: false }, y: false },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(10, most * 1.15)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 30, space: 110, values: (_, splits) => splits.map((seconds) => formatTime(seconds * 1000)) },
      { ...axis, size: 44, values: (_, splits) => splits.map(formatValue) },
    ],
    series: [
      {},
      {
        stroke: readColor('--series-1'),
        width: 2,
        fill: `color-mix(in oklch, ${readColor('--series-1')} 14%, transparent)`,
        points: { show: false },
      },
    ],
  };
}

const toData = (times: readonly number[], values: readonly (number | null)[]): uPlot.AlignedData => [
  times.map((time) => time / 1000),
  [...values],
];

/** One line over time. The only file that knows the chart library. */
export function TimeChart({ times, values, summary, formatTime, formatValue }: TimeChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef({ times, values });
  latest.current = { times, values };
  const isDark = useIsDark();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read from the page
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const drawn = new uPlot(
      toOptions(element.clientWidth, { formatTime, formatValue }),
      toData(latest.current.times, latest.current.values),
      element,
    );
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      chart.current = undefined;
    };
  }, [formatTime, formatValue, isDark]);

  useEffect(() => {
    chart.current?.setData(toData(times, values));
  }, [times, values]);

  return <div ref={holder} role="img" aria-label={summary} style={{ height: HEIGHT }} className="min-w-0 overflow-hidden" />;
}
