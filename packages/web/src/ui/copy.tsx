import { Check, Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { cn } from './cn.ts';
import { IconButton } from './icon-button.tsx';
import { useCopy } from './use-copy.ts';

export interface CopyButtonProps {
  /** What is copied, or how it is made when it is asked for. */
  readonly text: string | (() => string);
  readonly label: string;
  readonly icon?: ReactNode;
}

export function CopyButton({ text, label, icon = <Copy aria-hidden /> }: CopyButtonProps) {
  const { t } = useTranslation();
  const { isCopied, copy } = useCopy();
  return (
    <>
      <IconButton
        label={isCopied ? t('common.copied') : label}
        size="icon-small"
        onClick={() => void copy(typeof text === 'string' ? text : text())}
      >
        {isCopied ? <Check aria-hidden className="text-ready" /> : icon}
      </IconButton>
      <span role="status" className="sr-only">
        {isCopied ? t('common.copied') : ''}
      </span>
    </>
  );
}

/** A command to be run elsewhere, with its button. Long lines are broken for the eye only. */
export function CopyField({ text, label, className }: { readonly text: string; readonly label: string; readonly className?: string }) {
  const { t } = useTranslation();
  const { isCopied, copy } = useCopy();
  return (
    <div className={cn('flex items-start gap-2 rounded-lg border bg-muted p-2', className)}>
      <section aria-label={label} className="min-w-0 flex-1 px-1 py-1">
        <code className="whitespace-pre-wrap font-mono text-[0.8125rem] [overflow-wrap:anywhere]">{text}</code>
      </section>
      <Button size="small" onClick={() => void copy(text)}>
        {isCopied ? <Check aria-hidden className="text-ready" /> : <Copy aria-hidden />}
        <span aria-live="polite">{isCopied ? t('common.copied') : t('common.copy')}</span>
      </Button>
    </div>
  );
}
