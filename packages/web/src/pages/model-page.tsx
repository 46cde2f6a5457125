import type { ModelDetails } from '@cluster-ai/contracts';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft, MessageSquare } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useModel } from '../api/queries.ts';
import { canChat } from '../features/chat/choose-model.ts';
import { toCurl } from '../features/chat/to-curl.ts';
import { LoadButton } from '../features/models/load-button.tsx';
import { ReplicaTable } from '../features/nodes/replica-table.tsx';
import { useDescribeModel } from '../i18n/explain.ts';
import { useFormat } from '../i18n/i18n.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { CopyField } from '../ui/copy.tsx';
import { ErrorNotice, LoadFailure, ModelNotice } from '../ui/notice.tsx';
import { Reason, StateBadge } from '../ui/state-badge.tsx';
import { Card, Facts, Page, Panel, Skeleton } from '../ui/surface.tsx';

function About({ model }: { readonly model: ModelDetails }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { latest, aliases } = model;
  const { facts } = latest;
  const description = useDescribeModel()(model) || facts.description;
  const all: readonly (readonly [string, ReactNode])[] = [
    [t('models.facts.size'), format.bytes(latest.sizeBytes)],
    [t('models.facts.format'), facts.format],
    [t('models.facts.architecture'), facts.architecture],
    [t('models.facts.parameters'), facts.parameterSize],
    [t('models.facts.quantization'), facts.quantization],
    [t('models.facts.context'), facts.contextLength !== null && t('models.facts.contextTokens', { count: facts.contextLength })],
    [t('models.facts.capabilities'), facts.capabilities.map((capability) => t(`models.capabilities.${capability}`)).join(', ')],
    [t('models.facts.licence'), facts.licence],
    [t('models.facts.aliases'), aliases.map(({ alias, version }) => `${alias} → ${version}`).join(', ')],
    [t('models.facts.source'), latest.source === 'bundled' ? t('models.facts.bundled') : latest.source],
  ];
  return (
    <Panel title={t('models.about')}>
      {description && <p className="mb-3">{description}</p>}
      <Facts facts={all.filter(([, value]) => value)} />
    </Panel>
  );
}

function Versions({ model }: { readonly model: ModelDetails }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Panel title={t('models.versionsTitle')}>
      <ul>
        {model.versions
          .toSorted((a, b) => b.version - a.version)
          .map((version) => (
            <li key={version.version} className="grid gap-1 border-t py-2.5 first:border-t-0 first:pt-0">
              <p className="flex flex-wrap items-center gap-x-3">
                <span className="font-medium">{t('models.version', { version: version.semver ?? String(version.version) })}</span>
                {model.aliases
                  .filter((alias) => alias.version === version.version)
                  .map(({ alias }) => (
                    <span key={alias} className="rounded bg-accent px-1.5 py-0.5 text-accent-foreground text-xs">
                      {alias}
                    </span>
                  ))}
                <span className="tabular text-muted-foreground">
                  {format.dateTime(version.createdAt)} · {format.bytes(version.sizeBytes)} ·{' '}
                  {t('models.files', { count: version.files.length })}
                </span>
              </p>
              <p className="break-all font-mono text-muted-foreground text-xs">{version.manifestDigest}</p>
            </li>
          ))}
      </ul>
    </Panel>
  );
}

function DangerZone({ model }: { readonly model: ModelDetails }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  async function remove(): Promise<void> {
    await cluster.removeModel(model.name);
    toast.success(t('models.deleted', { name: model.name }));
    await navigate({ to: '/models' });
    queryClient.removeQueries({ queryKey: ['models', model.name] });
    await queryClient.invalidateQueries({ queryKey: ['models'] });
  }
  return (
    <Panel title={t('models.danger')}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-muted-foreground">{t('models.deleteText')}</p>
        <Button look="danger" onClick={() => setOpen(true)}>
          {t('models.delete')}
        </Button>
      </div>
      {isOpen && (
        <Confirm
          name={model.name}
          title={t('models.delete')}
          description={t('models.deleteText')}
          action={t('models.delete')}
          onClose={() => setOpen(false)}
          onConfirm={remove}
        />
      )}
    </Panel>
  );
}

function Details({ model }: { readonly model: ModelDetails }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState<unknown>();
  const question = { id: '', parentId: null, role: 'user', content: 'Hello!', createdAt: '', isComplete: true, answer: null } as const;
  return (
    <Page
      title={model.name}
      lead={<StateBadge condition={model.condition} of={model.name} />}
      actions={
        <>
          <BackToModels />
          <LoadButton model={model} onFailure={setFailure} />
          {canChat(model) && (
            <Button asChild look="primary">
              <Link to="/chat" search={{ model: model.name }}>
                <MessageSquare aria-hidden />
                {t('models.chat')}
              </Link>
            </Button>
          )}
        </>
      }
    >
      <div className="grid gap-4">
        {failure !== undefined && <ErrorNotice error={failure} title={t('models.loadError', { name: model.name })} />}
        <ModelNotice model={model} />
        {model.condition.state !== 'ready' && (
          <Card className="p-4">
            <Reason condition={model.condition} />
          </Card>
        )}
        <Panel title={t('models.where')}>
          {model.replicas.length === 0 ? (
            <p className="text-muted-foreground">{t('models.nowhere')}</p>
          ) : (
            <ReplicaTable
              subjectTitle={t('nodes.columns.name')}
              rows={model.replicas.map((replica) => ({
                replica,
                name: replica.node,
                subject: (
                  <Link
                    to="/nodes/$nodeId"
                    params={{ nodeId: replica.nodeId }}
                    className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
                  >
                    {replica.node}
                  </Link>
                ),
              }))}
            />
          )}
        </Panel>
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <About model={model} />
          <Versions model={model} />
        </div>
        {canChat(model) && (
          <Panel title={t('models.use')}>
            <CopyField text={toCurl(location.origin, model.name, [{ message: question, siblings: [''] }])} label={t('models.use')} />
          </Panel>
        )}
        <DangerZone model={model} />
      </div>
    </Page>
  );
}

function BackToModels() {
  const { t } = useTranslation();
  return (
    <Button asChild look="ghost">
      <Link to="/models">
        <ArrowLeft aria-hidden />
        {t('pages.models')}
      </Link>
    </Button>
  );
}

export function ModelPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/models/$name' });
  const { data: model, error, refetch } = useModel(name);
  if (model) return <Details model={model} />;
  return (
    <Page title={name} actions={<BackToModels />}>
      {error ? (
        <LoadFailure error={error} title={t('models.loadFailedPage')} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-48" />
      )}
    </Page>
  );
}
