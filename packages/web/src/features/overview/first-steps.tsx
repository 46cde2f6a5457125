import { Link } from '@tanstack/react-router';
import { Circle, CircleCheck, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Panel } from '../../ui/surface.tsx';
import type { FirstSteps as Steps } from './summarize.ts';

const HIDDEN_KEY = 'cluster-ai.first-steps-hidden';

function Step({
  isDone,
  title,
  text,
  link,
}: {
  readonly isDone: boolean;
  readonly title: string;
  readonly text: string;
  readonly link: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <li className="flex items-center gap-3 border-t py-2.5 first:border-t-0">
      {isDone ? (
        <CircleCheck aria-hidden className="size-5 shrink-0 text-ready" />
      ) : (
        <Circle aria-hidden className="size-5 shrink-0 text-muted-foreground" />
      )}
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="text-muted-foreground">{text}</p>
      </div>
      {isDone ? (
        <span className="text-muted-foreground">{t('overview.first.done')}</span>
      ) : (
        <Button asChild size="small">
          {link}
        </Button>
      )}
    </li>
  );
}

/** What a newcomer does first, until all is done or it was hidden. */
export function FirstSteps({ steps }: { readonly steps: Steps }) {
  const { t } = useTranslation();
  const [isHidden, setHidden] = useState(() => localStorage.getItem(HIDDEN_KEY) === 'yes');
  if (isHidden || (steps.hasChat && steps.hasOwnModel && steps.hasSecondMachine)) return null;
  function hide(): void {
    localStorage.setItem(HIDDEN_KEY, 'yes');
    setHidden(true);
  }
  return (
    <Panel
      title={t('overview.first.title')}
      actions={
        <IconButton label={t('overview.first.hide')} size="icon-small" onClick={hide}>
          <X aria-hidden />
        </IconButton>
      }
    >
      <ul>
        <Step
          isDone={steps.hasChat}
          title={t('overview.first.chat')}
          text={t('overview.first.chatText')}
          link={<Link to="/chat">{t('overview.first.open')}</Link>}
        />
        <Step
          isDone={steps.hasOwnModel}
          title={t('overview.first.model')}
          text={t('overview.first.modelText')}
          link={<Link to="/models">{t('overview.first.open')}</Link>}
        />
        <Step
          isDone={steps.hasSecondMachine}
          title={t('overview.first.machine')}
          text={t('overview.first.machineText')}
          link={
            <Link to="/nodes" search={{ add: true }}>
              {t('overview.first.open')}
            </Link>
          }
        />
      </ul>
    </Panel>
  );
}
