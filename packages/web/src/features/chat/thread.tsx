import type { ChatDetails } from '@cluster-ai/contracts';
import { ArrowDown, ChevronUp } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { useNow } from '../../ui/use-now.ts';
import { Announcer } from './announcer.tsx';
import { type LiveAnswer, toLiveRate } from './live-answer.ts';
import { Answer, type MessageActions, Question } from './message.tsx';
import { type BranchStep, toBranch } from './message-tree.ts';
import { useStickToBottom } from './use-stick-to-bottom.ts';
import { WaitingLine } from './waiting-line.tsx';

/** A thread mounts this many messages: with all 400 of a long one a page draws 5 frames a second, with 30 it draws 40. */
const WINDOW = 30;

/** How many of the oldest messages are not mounted, and how to have 30 more. */
function useWindow(length: number) {
  const [start, setStart] = useState(() => Math.max(0, length - WINDOW));
  // A chat that grows far beyond its window drops the oldest again.
  if (length - start > 3 * WINDOW) setStart(length - WINDOW);
  const hidden = Math.min(start, Math.max(0, length - 1));
  return { hidden, showEarlier: () => setStart(Math.max(0, hidden - WINDOW)) };
}

/** Keeps what is being read in its place when messages appear above it. */
function useKeepPlace(scroller: HTMLElement | null, firstId: string | undefined) {
  const before = useRef({ firstId, height: 0 });
  useLayoutEffect(() => {
    if (!scroller) return;
    const grown = scroller.scrollHeight - before.current.height;
    if (before.current.firstId !== firstId && before.current.height > 0 && scroller.scrollTop < 200) scroller.scrollTop += grown;
    before.current = { firstId, height: scroller.scrollHeight };
  });
}

interface StepViewProps {
  readonly step: BranchStep;
  readonly live: LiveAnswer | undefined;
  readonly actions: MessageActions;
  readonly isBusy: boolean;
}

function StepView({ step: { message, siblings }, live, actions, isBusy }: StepViewProps) {
  if (message.role === 'user') return <Question message={message} siblings={siblings} actions={actions} isBusy={isBusy} />;
  if (live?.message?.id === message.id) return <LiveAnswerView live={live} siblings={siblings} actions={actions} />;
  return <Answer message={message} siblings={siblings} actions={actions} isBusy={isBusy} live={undefined} />;
}

function LiveAnswerView({
  live,
  siblings,
  actions,
}: {
  readonly live: LiveAnswer;
  readonly siblings: readonly string[];
  readonly actions: MessageActions;
}) {
  const now = useNow();
  if (!live.message) return null;
  const { waiting, startedAt } = live;
  return (
    <Answer
      message={live.message}
      siblings={siblings}
      actions={actions}
      isBusy
      live={{ waiting, startedAt, model: live.message.answer?.model ?? '', rate: toLiveRate(live, Math.max(now, Date.now())) }}
    />
  );
}

/** What was just sent, until the server has stored it. */
function PendingTurn({ live, model }: { readonly live: LiveAnswer; readonly model: string }) {
  const { t } = useTranslation();
  return (
    <>
      {live.turn?.content !== undefined && (
        <article aria-label={t('chat.you')} className="flex flex-col items-end">
          <div className="max-w-[85%] whitespace-pre-wrap break-words rounded-2xl rounded-br-md bg-accent px-4 py-2.5 text-[0.9375rem] leading-6 opacity-80">
            {live.turn.content}
          </div>
        </article>
      )}
      <WaitingLine waiting={live.waiting} startedAt={live.startedAt} model={model} />
    </>
  );
}

export interface ThreadProps {
  readonly chat: ChatDetails;
  readonly live: LiveAnswer | undefined;
  readonly actions: MessageActions;
  /** Below the messages, always in view. */
  readonly footer: ReactNode;
}

/** The messages of the branch that is shown, the newest at the bottom. */
export function Thread({ chat, live, actions, footer }: ThreadProps) {
  const { t } = useTranslation();
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const isPending = live !== undefined && live.message === undefined && live.turn !== undefined;
  const headId = isPending ? (live.turn?.parentId ?? null) : chat.headId;
  const steps = useMemo(() => toBranch(chat.messages, headId), [chat.messages, headId]);
  const { hidden, showEarlier } = useWindow(steps.length);
  const shown = steps.slice(hidden);
  const { isAtBottom, scrollToBottom } = useStickToBottom(scroller);
  useKeepPlace(scroller, shown[0]?.message.id);

  // What I send I want to see, wherever I was reading.
  useEffect(() => {
    if (isPending) scrollToBottom();
  }, [isPending, scrollToBottom]);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <section
        ref={setScroller}
        aria-label={t('chat.messages')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="mx-auto grid w-full max-w-3xl gap-6 px-4 py-6">
          {hidden > 0 && (
            <div className="text-center">
              <Button size="small" onClick={showEarlier}>
                <ChevronUp aria-hidden />
                {t('chat.showEarlier', { count: hidden })}
              </Button>
            </div>
          )}
          {shown.map((step) => (
            <StepView key={step.message.id} step={step} live={live} actions={actions} isBusy={live !== undefined} />
          ))}
          {isPending && <PendingTurn live={live} model={chat.model} />}
          <Announcer text={live?.message?.content ?? ''} isDone={live === undefined} />
        </div>
      </section>
      {!isAtBottom && (
        <div className="pointer-events-none absolute inset-x-0 bottom-36 flex justify-center">
          <Button size="small" className="pointer-events-auto rounded-full shadow-md" onClick={scrollToBottom}>
            <ArrowDown aria-hidden />
            {t('chat.toNewest')}
          </Button>
        </div>
      )}
      <div className="mx-auto w-full max-w-3xl px-4 pb-4">{footer}</div>
    </div>
  );
}
