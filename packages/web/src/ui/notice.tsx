import { isClusterError, type Model } from '@cluster-ai/contracts';
import { Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { findMissingRight, useExplainError, useSayPhrases } from '../i18n/explain.ts';
import { Button } from './button.tsx';
import { cn } from './cn.ts';
import { Refusal, SignInFirst } from './refusal.tsx';
import { Hint } from './state-badge.tsx';

export interface ErrorNoticeProps {
  readonly error: unknown;
  /** What was tried, as a sentence: "The chats could not be loaded." */
  readonly title?: string;
  onRetry?(): void;
  readonly className?: string;
}

/**
 * In the place of what could not be loaded. Who may not see it is told which right is missing, and who has not signed in where to do so:
 * trying again would not help them.
 */
export function LoadFailure(props: ErrorNoticeProps & { readonly title: string }) {
  const missing = findMissingRight(props.error);
  if (missing) return <Refusal {...missing} />;
  if (isClusterError(props.error) && props.error.status === 401) return <SignInFirst />;
  return <ErrorNotice {...props} />;
}

/** A failure stays on the page until it is mended: what happened, why, and what to do. */
export function ErrorNotice({ error, title, onRetry, className }: ErrorNoticeProps) {
  const { t } = useTranslation();
  const { message, hint, particulars } = useExplainError()(error);
  return (
    <div role="alert" className={cn('flex items-start gap-3 rounded-lg border border-fail/40 bg-fail/5 p-3', className)}>
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-fail" />
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="break-words font-medium">{title ?? message}</p>
        {title && <p className="break-words">{message}</p>}
        {particulars && (
          <p lang="en" className="break-words text-muted-foreground">
            {particulars}
          </p>
        )}
        {hint && (
          <p className="text-muted-foreground">
            <Hint text={hint} />
          </p>
        )}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
    </div>
  );
}

export interface InfoNoticeProps {
  readonly children: ReactNode;
  readonly className?: string;
}

/** Something one should know, which is nobody's fault. */
export function InfoNotice({ children, className }: InfoNoticeProps) {
  return (
    <div className={cn('flex items-start gap-3 rounded-lg border bg-accent p-3 text-accent-foreground', className)}>
      <Info aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}

/** What a person must know before using a model. Nothing where there is nothing. */
export function ModelNotice({ model, className }: { readonly model: Pick<Model, 'notice' | 'notices'>; readonly className?: string }) {
  const { text, lang } = useSayPhrases()(model.notices, model.notice);
  if (model.notice === '') return null;
  return (
    <InfoNotice {...(className === undefined ? {} : { className })}>
      <p lang={lang}>
        <Hint text={text} />
      </p>
    </InfoNotice>
  );
}
