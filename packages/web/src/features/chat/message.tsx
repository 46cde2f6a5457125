import type { ChatMessage } from '@cluster-ai/contracts';
import { ChevronLeft, ChevronRight, Copy, Pencil, RefreshCw, SquareTerminal } from 'lucide-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../ui/copy.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { AnswerLine } from './answer-line.tsx';
import { Composer } from './composer.tsx';
import { Markdown } from './markdown.tsx';
import { WaitingLine, type WaitingLineProps } from './waiting-line.tsx';

/** What one can do with the messages of a chat. The same object for the whole life of a thread, so that messages are not drawn again. */
export interface MessageActions {
  showSibling(id: string): void;
  regenerate(message: ChatMessage): void;
  edit(message: ChatMessage, content: string): Promise<void>;
  toCurl(message: ChatMessage): string;
}

interface BranchArrowsProps {
  readonly id: string;
  readonly siblings: readonly string[];
  onShow(id: string): void;
}

/** "2/3" with arrows: the other edits of a question, the other answers to it. */
function BranchArrows({ id, siblings, onShow }: BranchArrowsProps) {
  const { t } = useTranslation();
  const index = siblings.indexOf(id);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  if (siblings.length < 2) return null;
  return (
    <span className="inline-flex items-center text-muted-foreground text-xs">
      <IconButton
        size="icon-small"
        label={t('chat.previousVersion')}
        disabled={before === undefined}
        onClick={() => before !== undefined && onShow(before)}
      >
        <ChevronLeft aria-hidden />
      </IconButton>
      <span className="tabular" role="status">
        <span className="sr-only">{t('chat.versionOf', { index: index + 1, total: siblings.length })}</span>
        <span aria-hidden>{`${index + 1}/${siblings.length}`}</span>
      </span>
      <IconButton
        size="icon-small"
        label={t('chat.nextVersion')}
        disabled={after === undefined}
        onClick={() => after !== undefined && onShow(after)}
      >
        <ChevronRight aria-hidden />
      </IconButton>
    </span>
  );
}

export interface MessageProps {
  readonly message: ChatMessage;
  readonly siblings: readonly string[];
  readonly actions: MessageActions;
  /** Whether another answer is being written: nothing may be asked meanwhile. */
  readonly isBusy: boolean;
}

/** What a person said. */
export const Question = memo(function Question({ message, siblings, actions, isBusy }: MessageProps) {
  const { t } = useTranslation();
  const [isEditing, setEditing] = useState(false);
  if (isEditing)
    return (
      <Composer
        label={t('chat.edit')}
        initialText={message.content}
        isBusy={isBusy}
        onSend={async (content) => {
          await actions.edit(message, content);
          setEditing(false);
        }}
        onCancel={() => setEditing(false)}
      />
    );
  return (
    <article aria-label={t('chat.you')} className="group flex flex-col items-end gap-1">
      <div className="max-w-[85%] whitespace-pre-wrap break-words rounded-2xl rounded-br-md bg-accent px-4 py-2.5 text-[0.9375rem] text-foreground leading-6">
        {message.content}
      </div>
      <div className="flex items-center gap-0.5 text-muted-foreground">
        <BranchArrows id={message.id} siblings={siblings} onShow={actions.showSibling} />
        <CopyButton text={message.content} label={t('chat.copyMessage')} />
        <IconButton size="icon-small" label={t('chat.edit')} disabled={isBusy} onClick={() => setEditing(true)}>
          <Pencil aria-hidden />
        </IconButton>
      </div>
    </article>
  );
});

function AnswerEnd({ message }: { readonly message: ChatMessage }) {
  const { t } = useTranslation();
  const { error, finishReason } = message.answer ?? {};
  if (error) return <ErrorNotice error={error} title={t('chat.failed')} />;
  if (finishReason === 'length') return <p className="text-muted-foreground text-xs">{t('chat.cutByLength')}</p>;
  if (finishReason === 'stopped') return <p className="text-muted-foreground text-xs">{t('chat.wasStopped')}</p>;
  return null;
}

export interface AnswerProps extends MessageProps {
  /** While it is being written. */
  readonly live: (WaitingLineProps & { readonly rate: number | undefined }) | undefined;
}

/** What a model said. */
export const Answer = memo(function Answer({ message, siblings, actions, isBusy, live }: AnswerProps) {
  const { t } = useTranslation();
  const isWriting = live !== undefined;
  return (
    <article aria-label={t('chat.answerOf', { model: message.answer?.model ?? '' })} className="grid min-w-0 gap-2" aria-busy={isWriting}>
      {message.answer && <AnswerLine facts={message.answer} liveRate={live?.rate} />}
      {message.content !== '' && <Markdown text={message.content} isStreaming={isWriting} />}
      {live && (live.waiting || message.content === '') && (
        <WaitingLine waiting={live.waiting} startedAt={live.startedAt} model={live.model} />
      )}
      {!isWriting && <AnswerEnd message={message} />}
      {!isWriting && (
        <div className="-ml-1.5 flex items-center gap-0.5 text-muted-foreground">
          <BranchArrows id={message.id} siblings={siblings} onShow={actions.showSibling} />
          <CopyButton text={message.content} label={t('chat.copyMessage')} icon={<Copy aria-hidden />} />
          <IconButton size="icon-small" label={t('chat.regenerate')} disabled={isBusy} onClick={() => actions.regenerate(message)}>
            <RefreshCw aria-hidden />
          </IconButton>
          <CopyButton text={() => actions.toCurl(message)} label={t('chat.copyCurl')} icon={<SquareTerminal aria-hidden />} />
        </div>
      )}
    </article>
  );
});
