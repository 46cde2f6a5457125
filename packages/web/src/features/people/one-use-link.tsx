import type { SentLink } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { InfoNotice } from '../../ui/notice.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { useNow } from '../../ui/use-now.ts';

export interface ShownLink {
  readonly title: string;
  readonly text: string;
  readonly link: SentLink;
}

/** The only time that a link is shown. Whoever has it can use it, once. */
export function OneUseLinkDialog({ title, text, link, onClose }: ShownLink & { onClose(): void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const url = new URL(link.path, location.origin).href;
  const leftMs = Date.parse(link.expiresAt) - useNow();
  return (
    <Dialog isOpen onClose={onClose} title={title} description={text} className="max-w-xl">
      <div className="grid gap-4">
        <InfoNotice>{t('people.linkOnce')}</InfoNotice>
        {link.mailedTo !== null && <InfoNotice>{t('people.mailed', { address: link.mailedTo })}</InfoNotice>}
        <CopyField text={url} label={t('people.link')} />
        <div className="flex flex-wrap items-center gap-4">
          <QrCode text={url} label={t('people.linkQr')} />
          <p className="min-w-40 flex-1 text-muted-foreground">{t('people.linkExpires', { time: format.distance(leftMs) })}</p>
        </div>
        <Button look="primary" className="justify-self-end" onClick={onClose}>
          {t('people.linkKept')}
        </Button>
      </div>
    </Dialog>
  );
}
