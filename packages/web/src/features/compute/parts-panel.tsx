import type { ComputeStatus } from '@cluster-ai/contracts';
import { ExternalLink } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { FieldChoice } from '../../ui/field.tsx';
import { Meter } from '../../ui/meter.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Facts, Panel } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';

function ProfileChoice({ profile }: Pick<ComputeStatus, 'profile'>) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { isBusy, error, run } = useAction();
  const choose = (next: ComputeStatus['profile']) =>
    void run(async () => {
      await cluster.setComputeProfile(next);
      await queryClient.invalidateQueries({ queryKey: ['compute'] });
    });
  return (
    <div className="grid max-w-md gap-2">
      <FieldChoice
        label={t('compute.profile')}
        help={t(`compute.profileHelp.${profile}`)}
        value={profile}
        disabled={isBusy}
        choices={[
          { value: 'default', label: t('compute.profiles.default') },
          { value: 'fast', label: t('compute.profiles.fast') },
        ]}
        onChoose={choose}
      />
      {error !== undefined && <ErrorNotice error={error} />}
    </div>
  );
}

/** What the Dask cluster consists of, each part with its state, and where Dask's own pages are. */
export function PartsPanel({ compute }: { readonly compute: ComputeStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const { environment, scheduler, bridge, address, dashboard, versions, progress, profile, pools } = compute;
  const parts = [
    [t('compute.parts.environment'), <StateBadge key="e" condition={environment} of={t('compute.parts.environment')} />],
    [t('compute.parts.scheduler'), <StateBadge key="s" condition={scheduler} of={t('compute.parts.scheduler')} />],
    [t('compute.parts.bridge'), <StateBadge key="b" condition={bridge} of={t('compute.parts.bridge')} />],
  ] as const;
  const facts = [
    ...(address === ''
      ? []
      : [
          [
            t('compute.address'),
            <code key="a" className="font-mono text-xs">
              {address}
            </code>,
          ] as const,
        ]),
    ...(versions === null ? [] : [[t('compute.versions'), `Python ${versions.python}, Dask ${versions.dask}`] as const]),
    ...pools.map(
      ({ name, running, wanted, min, max }) =>
        [
          t('compute.pool', { name: t(`compute.pools.${name}`) }),
          t('compute.poolText', {
            running: format.number(running),
            wanted: format.number(wanted),
            min: format.number(min),
            max: format.number(max),
          }),
        ] as const,
    ),
  ];
  return (
    <Panel
      title={t('compute.partsTitle')}
      actions={
        dashboard !== '' &&
        may('compute:manage') && (
          <Button asChild size="small">
            <a href={dashboard} target="_blank" rel="noreferrer">
              {t('compute.dashboard')}
              <ExternalLink aria-hidden />
            </a>
          </Button>
        )
      }
    >
      <div className="grid gap-4">
        {progress !== null && (
          <div className="grid gap-1">
            <span className="tabular text-xs">{t('compute.settingUp', { share: format.percent(progress) })}</span>
            <Meter label={t('compute.parts.environment')} value={progress} text={format.percent(progress)} high={2} />
          </div>
        )}
        <Facts facts={[...parts, ...facts]} />
        {may('compute:manage') && <ProfileChoice profile={profile} />}
      </div>
    </Panel>
  );
}
