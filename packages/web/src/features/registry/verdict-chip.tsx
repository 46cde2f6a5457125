import type { Verdict } from '@cluster-ai/contracts';
import { ShieldAlert, ShieldCheck, ShieldQuestion, ShieldX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Chip } from '../../ui/chip.tsx';

const icons = { safe: ShieldCheck, suspicious: ShieldAlert, dangerous: ShieldX } as const;

/** What the look into a version's files found; null: nobody has looked. */
export function VerdictChip({ verdict }: { readonly verdict: Verdict | null }) {
  const { t } = useTranslation();
  const Icon = verdict === null ? ShieldQuestion : icons[verdict];
  return (
    <Chip
      tone={verdict === 'safe' ? 'good' : 'plain'}
      icon={<Icon aria-hidden className={verdict === 'dangerous' ? 'text-fail' : verdict === 'suspicious' ? 'text-warn' : ''} />}
    >
      {t(`registry.verdicts.${verdict ?? 'none'}`)}
    </Chip>
  );
}
