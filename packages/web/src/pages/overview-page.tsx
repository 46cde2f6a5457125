import type { Model } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleSlash2, MessageSquare, Plus, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useChats, useModels, useNodes, useStatus } from '../api/queries.ts';
import { FirstSteps } from '../features/overview/first-steps.tsx';
import { LoadChart } from '../features/overview/load-chart.tsx';
import { NodeStrip } from '../features/overview/node-strip.tsx';
import { type Attention, findAttention, type Health, toFirstSteps, toHealth, toMemory } from '../features/overview/summarize.ts';
import { useExplainCondition } from '../i18n/explain.ts';
import { useFormat } from '../i18n/i18n.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Hint, StateBadge } from '../ui/state-badge.tsx';
import { Card, Page, Panel, Skeleton } from '../ui/surface.tsx';

const healthLooks = {
  allGood: { icon: CircleCheck, color: 'text-ready' },
  someNotReady: { icon: TriangleAlert, color: 'text-warn' },
  noneReady: { icon: CircleSlash2, color: 'text-fail' },
  noMachine: { icon: TriangleAlert, color: 'text-warn' },
} as const;

function HealthSentence({ health }: { readonly health: Health }) {
  const { t } = useTranslation();
  const { icon: Icon, color } = healthLooks[health.kind];
  const machines = t('overview.health.machines', { count: health.machines, ready: health.readyMachines });
  const models = t('overview.health.models', { count: health.answeringModels });
  return (
    <p className="flex items-start gap-2 text-[0.9375rem]">
      <Icon aria-hidden className={`mt-0.5 size-5 shrink-0 ${color}`} />
      <span>
        {health.kind === 'noMachine' ? t('overview.health.noMachine') : `${t(`overview.health.${health.kind}`)} ${machines}, ${models}.`}
      </span>
    </p>
  );
}

function BigNumber({ name, value, more }: { readonly name: string; readonly value: string | undefined; readonly more?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Card className="grid content-start gap-1 p-4">
      <h2 className="text-muted-foreground">{name}</h2>
      {value === undefined ? (
        <p className="flex h-9 items-center text-muted-foreground">{t('overview.numbers.noData')}</p>
      ) : (
        <p className="tabular font-semibold text-[1.75rem] leading-9 tracking-tight">{value}</p>
      )}
      {more && <p className="tabular text-muted-foreground text-xs">{more}</p>}
    </Card>
  );
}

function Numbers() {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: status } = useStatus();
  const { data: nodes = [] } = useNodes();
  const memory = toMemory(nodes);
  const ready = nodes.filter((node) => node.condition.state === 'ready');
  const cores = ready.reduce((sum, node) => sum + (node.hardware?.cpuCores ?? 0), 0);
  const measured = ready.flatMap((node) => (node.metrics && node.hardware ? [node.metrics.cpuUtilization * node.hardware.cpuCores] : []));
  const busy = measured.length === 0 || cores === 0 ? undefined : measured.reduce((sum, value) => sum + value, 0) / cores;
  return (
    <section aria-label={t('overview.numbers.title')} className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <BigNumber name={t('overview.numbers.tokens')} value={status && format.rate(status.tokens_per_second)} />
      <BigNumber
        name={t('overview.numbers.requests')}
        value={status && format.number(status.active_tasks)}
        more={status && t('overview.numbers.queued', { waiting: format.number(status.queued_tasks) })}
      />
      <BigNumber
        name={t('overview.numbers.memory')}
        value={memory && format.percent(memory.usedBytes / memory.totalBytes)}
        more={memory && t('overview.numbers.memoryOf', { used: format.memory(memory.usedBytes), total: format.memory(memory.totalBytes) })}
      />
      <BigNumber
        name={t('overview.numbers.cpu')}
        value={busy === undefined ? undefined : format.percent(busy)}
        more={t('overview.numbers.cores', { count: cores })}
      />
    </section>
  );
}

function AttentionLink({ attention: { kind, id, name } }: { readonly attention: Attention }) {
  const style = 'inline-flex min-h-6 items-center font-medium underline-offset-2 hover:underline';
  if (kind === 'machine')
    return (
      <Link to="/nodes/$nodeId" params={{ nodeId: id }} className={style}>
        {name}
      </Link>
    );
  if (kind === 'model')
    return (
      <Link to="/models/$name" params={{ name: id }} className={style}>
        {name}
      </Link>
    );
  return <span className="font-medium">{name}</span>;
}

function AttentionList({ items }: { readonly items: readonly Attention[] }) {
  const { t } = useTranslation();
  const explain = useExplainCondition();
  return (
    <Panel title={t('overview.attention.title')}>
      {items.length === 0 ? (
        <p className="flex items-center gap-2 text-muted-foreground">
          <CircleCheck aria-hidden className="size-4 text-ready" />
          {t('overview.attention.nothing')}
        </p>
      ) : (
        <ul>
          {items.map((item) => {
            const { message, hint, particulars } = explain(item.condition);
            return (
              <li key={`${item.kind} ${item.id}`} className="grid gap-1 border-t py-3 first:border-t-0 first:pt-0">
                <p className="flex flex-wrap items-center gap-x-3">
                  <span className="text-muted-foreground">{t(`overview.attention.${item.kind}`)}</span>
                  <AttentionLink attention={item} />
                  <StateBadge condition={item.condition} of={item.name} />
                </p>
                <p>{message}</p>
                {particulars && (
                  <p lang="en" className="text-muted-foreground">
                    {particulars}
                  </p>
                )}
                {hint && (
                  <p className="text-muted-foreground">
                    <Hint text={hint} />
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}

function AnsweringRow({ model }: { readonly model: Model }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rate = model.replicas.reduce((sum, replica) => sum + replica.tokensPerSecond, 0);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t py-2.5 first:border-t-0 first:pt-0">
      <Link
        to="/models/$name"
        params={{ name: model.name }}
        className="inline-flex min-h-6 items-center font-medium underline-offset-2 hover:underline"
      >
        {model.name}
      </Link>
      <StateBadge condition={model.condition} of={model.name} />
      <span className="tabular ml-auto text-muted-foreground">
        {t('overview.answering.replicas', { count: model.replicas.length })} ·{' '}
        {rate > 0 ? t('overview.answering.rate', { rate: format.rate(rate) }) : t('overview.answering.idle')}
      </span>
    </li>
  );
}

function Answering({ models }: { readonly models: readonly Model[] }) {
  const { t } = useTranslation();
  const loaded = models.filter((model) => model.replicas.length > 0);
  return (
    <Panel
      title={t('overview.answering.title')}
      actions={
        <Button asChild size="small" look="ghost">
          <Link to="/models">{t('overview.answering.all')}</Link>
        </Button>
      }
    >
      {loaded.length === 0 ? (
        <p className="text-muted-foreground">{t('overview.answering.nothing')}</p>
      ) : (
        <ul>
          {loaded.map((model) => (
            <AnsweringRow key={model.name} model={model} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function OverviewPage() {
  const { t } = useTranslation();
  const { data: status } = useStatus();
  const nodes = useNodes();
  const models = useModels();
  const { data: chats } = useChats('');
  const isKnown = nodes.data !== undefined && models.data !== undefined;
  const error = nodes.error ?? models.error;
  const lead = isKnown ? (
    <HealthSentence health={toHealth(nodes.data, models.data.models)} />
  ) : error ? (
    t('overview.health.unknown')
  ) : (
    t('overview.health.checking')
  );
  return (
    <Page
      title={t('pages.overview')}
      lead={lead}
      actions={
        <>
          <Button asChild>
            <Link to="/nodes" search={{ add: true }}>
              <Plus aria-hidden />
              {t('nodes.add')}
            </Link>
          </Button>
          <Button asChild look="primary">
            <Link to="/chat">
              <MessageSquare aria-hidden />
              {t('pages.chat')}
            </Link>
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        {error && !isKnown && <ErrorNotice error={error} onRetry={() => void Promise.all([nodes.refetch(), models.refetch()])} />}
        <Numbers />
        {isKnown ? (
          <>
            {chats && <FirstSteps steps={toFirstSteps(nodes.data, models.data.models, chats.pages[0]?.chats.length ?? 0)} />}
            <Panel
              title={t('overview.strip.title')}
              actions={
                <Button asChild size="small" look="ghost">
                  <Link to="/nodes">{t('overview.strip.all')}</Link>
                </Button>
              }
            >
              <NodeStrip nodes={nodes.data} />
            </Panel>
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <div className="grid min-w-0 gap-4">
                <AttentionList items={findAttention(nodes.data, models.data.models, status?.listeners ?? [])} />
                <Answering models={models.data.models} />
              </div>
              <LoadChart />
            </div>
          </>
        ) : (
          <Skeleton className="h-40" />
        )}
      </div>
    </Page>
  );
}
