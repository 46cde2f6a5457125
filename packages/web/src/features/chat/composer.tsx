import { ArrowUp, Square } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { StateIcon } from '../../ui/state-badge.tsx';

export interface ComposerProps {
  readonly label: string;
  readonly initialText?: string;
  /** An answer is being written: one can type, and send when it is done. */
  readonly isBusy: boolean;
  /** What has to arrive before anything can be sent, as a sentence. Enter counts already: what was typed is sent as soon as this is gone. */
  readonly waitsFor?: string | undefined;
  /** Rejects when it was refused: the text stays, with the reason below it. */
  onSend(text: string): Promise<void>;
  /** Stops the answer that is being written. */
  onStop?(): void;
  onCancel?(): void;
  /** Beside the buttons: the model picker. */
  readonly tools?: ReactNode;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

/** Where one writes. Enter sends, Shift+Enter begins a line, Escape cancels an edit, or takes back what waits to be sent. */
export function Composer({ label, initialText = '', isBusy, waitsFor, onSend, onStop, onCancel, tools, ref }: ComposerProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(initialText);
  const [error, setError] = useState<unknown>();
  const [isQueued, setQueued] = useState(false);
  const isWaiting = waitsFor !== undefined;
  const isBlank = text.trim() === '';

  async function send(): Promise<void> {
    const content = text.trim();
    if (isBlank || isBusy) return;
    setError(undefined);
    setText('');
    try {
      await onSend(content);
    } catch (failure) {
      setText((typedMeanwhile) => typedMeanwhile || content);
      setError(failure);
    }
  }

  function sendOrQueue(): void {
    if (isWaiting) setQueued(!isBlank);
    else void send();
  }

  // Where nothing can be sent even now, the text stays, and the page says why.
  useEffect(() => {
    if (!isQueued || isWaiting) return;
    setQueued(false);
    void send();
  });

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return; // the Enter that ends an input method's word
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      sendOrQueue();
    } else if (event.key === 'Escape' && isQueued) {
      event.preventDefault();
      setQueued(false);
    } else if (event.key === 'Escape' && onCancel) {
      event.preventDefault();
      onCancel();
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        sendOrQueue();
      }}
      className="grid gap-2"
    >
      <p role="status" className="flex items-center gap-2 text-muted-foreground empty:hidden">
        {isQueued && (
          <>
            <StateIcon state="starting" />
            {waitsFor}
          </>
        )}
      </p>
      {error !== undefined && <ErrorNotice error={error} title={t('chat.notSent')} />}
      <div className="rounded-2xl border border-input bg-card shadow-sm focus-within:outline-2 focus-within:outline-ring">
        <textarea
          ref={ref}
          aria-label={label}
          value={text}
          readOnly={isQueued}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          placeholder={t('chat.placeholder')}
          rows={1}
          // biome-ignore lint/a11y/noAutofocus: an edit begins because somebody asked for it
          autoFocus={onCancel !== undefined}
          className="field-sizing-content max-h-56 min-h-11 w-full resize-none bg-transparent px-4 pt-3 pb-1 text-[0.9375rem] leading-6 outline-none"
        />
        <div className="flex items-center gap-2 px-2 pb-2">
          <div className="min-w-0 flex-1">{tools}</div>
          {(isQueued || onCancel) && (
            <Button size="small" look="ghost" onClick={isQueued ? () => setQueued(false) : onCancel}>
              {t('common.cancel')}
            </Button>
          )}
          {isBusy && onStop ? (
            <Button size="small" onClick={onStop} aria-keyshortcuts="Escape">
              <Square aria-hidden className="fill-current" />
              {t('chat.stop')}
              <kbd className="hidden rounded border px-1 font-sans text-[0.6875rem] text-muted-foreground sm:inline">Esc</kbd>
            </Button>
          ) : (
            <Button type="submit" look="primary" size="small" disabled={isBlank || isQueued || (isBusy && !isWaiting)}>
              <ArrowUp aria-hidden />
              {t('chat.send')}
            </Button>
          )}
        </div>
      </div>
    </form>
  );
}
