import type { Invitation, Node } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { nodesQuery, useNodes } from '../../api/queries.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { StateIcon } from '../../ui/state-badge.tsx';
import { useNow } from '../../ui/use-now.ts';

/** Says whether the machine has come, as the event stream tells it. */
function Arrival({ known, onClose }: { readonly known: ReadonlySet<string>; onClose(): void }) {
  const { t } = useTranslation();
  const { data: nodes = [] } = useNodes();
  const arrived: Node | undefined = nodes.find((node) => !known.has(node.id));
  return (
    <p role="status" className="flex min-h-9 items-center gap-2 rounded-lg bg-muted px-3 py-2">
      {arrived ? <CircleCheck aria-hidden className="size-4 text-ready" /> : <StateIcon state="starting" />}
      <span className="flex-1">{arrived ? t('nodes.invite.joined', { name: arrived.name }) : t('nodes.invite.waiting')}</span>
      {arrived && (
        <Button asChild size="small">
          <Link to="/nodes/$nodeId" params={{ nodeId: arrived.id }} onClick={onClose}>
            {t('nodes.invite.open')}
          </Link>
        </Button>
      )}
    </p>
  );
}

interface CommandsProps {
  readonly invitation: Invitation;
  readonly known: ReadonlySet<string>;
  onAgain(): void;
  onClose(): void;
}

function Commands({ invitation, known, onAgain, onClose }: CommandsProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const leftMs = new Date(invitation.expiresAt).getTime() - useNow();
  return (
    <div className="grid gap-4">
      <div className="grid gap-1.5">
        <h3 className="font-medium">{t('nodes.invite.install')}</h3>
        <CopyField text={invitation.installCommand} label={t('nodes.invite.install')} />
      </div>
      <div className="grid gap-1.5">
        <h3 className="font-medium">{t('nodes.invite.join')}</h3>
        <CopyField text={invitation.command} label={t('nodes.invite.join')} />
      </div>
      <div className="flex flex-wrap items-center gap-4">
        <QrCode text={invitation.command} label={t('nodes.invite.qr')} />
        <div className="grid min-w-44 flex-1 gap-3">
          <p className="text-muted-foreground">
            {leftMs > 0 ? t('nodes.invite.expires', { time: format.distance(leftMs) }) : t('nodes.invite.expired')}
          </p>
          <Button size="small" onClick={onAgain} className="justify-self-start">
            {t('nodes.invite.again')}
          </Button>
        </div>
      </div>
      <Arrival known={known} onClose={onClose} />
    </div>
  );
}

/** Makes a token for one more machine, shows what to run there, and waits for it to come. */
export function AddMachineDialog({ isOpen, onClose }: { readonly isOpen: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [name, setName] = useState('');
  const [invitation, setInvitation] = useState<Invitation>();
  const [error, setError] = useState<unknown>();
  const known = useRef<ReadonlySet<string>>(new Set());

  const close = () => {
    setInvitation(undefined);
    setError(undefined);
    setName('');
    onClose();
  };
  async function invite(): Promise<void> {
    try {
      setError(undefined);
      // Asked for, not taken from the page: where that knows no machine yet, the first one would pass for the new one.
      const nodes = await queryClient.fetchQuery(nodesQuery(cluster));
      known.current = new Set(nodes.map(({ id }) => id));
      setInvitation(await cluster.createInvitation({ name: name.trim() }));
    } catch (failure) {
      setError(failure);
    }
  }

  return (
    <Dialog isOpen={isOpen} onClose={close} title={t('nodes.invite.title')} description={t('nodes.invite.text')} className="max-w-2xl">
      {invitation ? (
        <Commands invitation={invitation} known={known.current} onAgain={() => setInvitation(undefined)} onClose={close} />
      ) : (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void invite();
          }}
        >
          <Field
            label={t('nodes.invite.name')}
            help={t('nodes.invite.nameHelp')}
            value={name}
            maxLength={120}
            onChange={(event) => setName(event.target.value)}
          />
          {error !== undefined && <ErrorNotice error={error} />}
          <Button type="submit" look="primary" className="justify-self-end">
            {t('nodes.invite.create')}
          </Button>
        </form>
      )}
    </Dialog>
  );
}
