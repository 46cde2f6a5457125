import type { ChatDetails } from '@cluster-ai/contracts';
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { PanelLeft, Sparkles } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../api/app-context.ts';
import { useChat, useChats, useModels } from '../api/queries.ts';
import { useLiveAnswer } from '../features/chat/answer-streams.ts';
import type { ChatOptions } from '../features/chat/chat-options.ts';
import { chooseModel } from '../features/chat/choose-model.ts';
import { Composer } from '../features/chat/composer.tsx';
import type { MessageActions } from '../features/chat/message.tsx';
import { findNewestLeaf, toBranch } from '../features/chat/message-tree.ts';
import { ModelPicker } from '../features/chat/model-picker.tsx';
import { Parameters } from '../features/chat/parameters.tsx';
import { Thread } from '../features/chat/thread.tsx';
import { ThreadList } from '../features/chat/thread-list.tsx';
import { toCurl } from '../features/chat/to-curl.ts';
import { findMissingRight, useExplainError } from '../i18n/explain.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNotice, InfoNotice, ModelNotice } from '../ui/notice.tsx';
import { Refusal } from '../ui/refusal.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Page, Skeleton } from '../ui/surface.tsx';

const LAST_MODEL_KEY = 'cluster-ai.last-model';

/** The list of chats beside the one that is open; on a phone the list is behind a button. */
export function ChatPage() {
  const { t } = useTranslation();
  const [isListOpen, setListOpen] = useState(false);
  const missing = findMissingRight(useChats('').error);
  if (missing)
    return (
      <Page title={t('pages.chat')}>
        <Refusal {...missing} />
      </Page>
    );
  return (
    <div className="flex h-full min-h-0">
      <aside className="hidden w-64 shrink-0 border-r bg-card lg:block">
        <ThreadList />
      </aside>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="border-b bg-card px-3 py-1.5 lg:hidden">
          <Button look="ghost" size="small" onClick={() => setListOpen(true)}>
            <PanelLeft aria-hidden />
            {t('chat.list')}
          </Button>
        </div>
        <Outlet />
      </div>
      <Dialog isOpen={isListOpen} onClose={() => setListOpen(false)} title={t('chat.list')} className="h-[80dvh]">
        <div className="-mx-5 -my-4">
          <ThreadList onOpen={() => setListOpen(false)} />
        </div>
      </Dialog>
    </div>
  );
}

/** The state of the model that would answer, where it cannot at once. */
function ModelState({ name }: { readonly name: string }) {
  const { t } = useTranslation();
  const { data } = useModels();
  const model = data?.models.find((candidate) => candidate.name === name);
  if (!model) return null;
  return (
    <>
      {model.condition.state !== 'ready' && (
        <p className="flex flex-wrap items-center gap-2">
          <span className="text-muted-foreground">{model.name}</span>
          <StateBadge condition={model.condition} of={model.name} />
        </p>
      )}
      <ModelNotice model={model} className="text-left" />
      {model.condition.state === 'asleep' && <p className="text-muted-foreground">{t('chat.loadsOnSend')}</p>}
    </>
  );
}

/** What stands beside the buttons of the field. */
function Tools({ children }: { readonly children: ReactNode }) {
  return <div className="flex min-w-0 items-center gap-1">{children}</div>;
}

/** Questions that the smallest model can answer too. */
const starters = ['who', 'story', 'fact', 'poem'] as const;

export function NewChatPage() {
  const { t } = useTranslation();
  const { cluster, queryClient, answers } = useApp();
  const navigate = useNavigate();
  const { model: asked } = useSearch({ from: '/chat' });
  const { data, error, refetch } = useModels();
  const [chosen, setChosen] = useState<string>();
  const [options, setOptions] = useState<ChatOptions>({});
  const explain = useExplainError();
  const composer = useRef<HTMLTextAreaElement>(null);
  const models = data?.models ?? [];
  const model = chosen ?? chooseModel(models, asked, localStorage.getItem(LAST_MODEL_KEY));

  useEffect(() => composer.current?.focus(), []);

  async function begin(content: string): Promise<void> {
    localStorage.setItem(LAST_MODEL_KEY, model);
    const chat = await cluster.createChat({ model, options });
    queryClient.setQueryData<ChatDetails>(['chat', chat.id], { ...chat, messages: [] });
    answers.ask(chat.id, { parentId: null, content }).catch((failure: unknown) => toast.error(explain(failure).message));
    await navigate({ to: '/chat/$chatId', params: { chatId: chat.id } });
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <title>{`${t('chat.new')} · Cluster AI`}</title>
      <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-center gap-6 px-4 py-6">
        <div className="grid justify-items-center gap-3 text-center">
          <Sparkles aria-hidden className="size-8 text-primary" />
          <h1 className="font-semibold text-xl">{t('chat.welcome')}</h1>
          <p className="text-muted-foreground">{t('chat.welcomeText')}</p>
          <ModelState name={model} />
        </div>
        {error !== null && <ErrorNotice error={error} title={t('models.listFailed')} onRetry={() => void refetch()} />}
        {data && models.length === 0 && <InfoNotice>{t('chat.noModels')}</InfoNotice>}
        <ul className="grid gap-2 sm:grid-cols-2">
          {starters.map((starter) => (
            <li key={starter}>
              <Button
                className="h-auto min-h-12 w-full justify-start whitespace-normal py-2 text-left font-normal"
                disabled={model === ''}
                onClick={() => void begin(t(`chat.starters.${starter}`))}
              >
                {t(`chat.starters.${starter}`)}
              </Button>
            </li>
          ))}
        </ul>
      </div>
      <div className="mx-auto w-full max-w-3xl px-4 pb-4">
        <Composer
          ref={composer}
          label={t('chat.message')}
          isBusy={model === ''}
          waitsFor={data === undefined && error === null ? t('chat.waitsForModels') : undefined}
          onSend={begin}
          tools={
            <Tools>
              <ModelPicker models={data?.models} value={model} onChoose={setChosen} />
              <Parameters options={options} onSave={async (next) => setOptions(next)} />
            </Tools>
          }
        />
      </div>
    </div>
  );
}

export function OneChatPage() {
  const { chatId } = useParams({ from: '/chat/$chatId' });
  return <OneChat key={chatId} chatId={chatId} />;
}

/** Esc stops the answer, unless something else on the page wants it first. */
function useEscape(isOn: boolean, onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    if (!isOn) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) latest.current();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [isOn]);
}

function ChatSkeleton() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto grid w-full max-w-3xl gap-6 px-4 py-6">
      <p role="status" className="sr-only">
        {t('common.loading')}
      </p>
      <Skeleton className="ml-auto h-11 w-2/5" />
      <Skeleton className="h-40" />
    </div>
  );
}

function OneChat({ chatId }: { readonly chatId: string }) {
  const { t } = useTranslation();
  const { answers, queryClient, cluster } = useApp();
  const { data: chat, error, refetch } = useChat(chatId);
  const { data: models } = useModels();
  const live = useLiveAnswer(answers, chatId);
  const [failure, setFailure] = useState<unknown>();
  const composer = useRef<HTMLTextAreaElement>(null);

  // An answer that was begun elsewhere, or before a reload.
  const isGenerating = chat?.isGenerating ?? false;
  useEffect(() => {
    if (isGenerating) void answers.attach(chatId);
  }, [answers, chatId, isGenerating]);

  const stop = () => void answers.stop(chatId).catch(setFailure);
  useEscape(live !== undefined, stop);
  useEffect(() => composer.current?.focus(), []);

  const actions = useMemo<MessageActions>(() => {
    const readChat = () => queryClient.getQueryData<ChatDetails>(['chat', chatId]);
    return {
      showSibling(id) {
        const headId = findNewestLeaf(readChat()?.messages ?? [], id);
        queryClient.setQueryData<ChatDetails>(['chat', chatId], (before) => before && { ...before, headId });
        void cluster.updateChat(chatId, { headId }).catch(setFailure);
      },
      regenerate(message) {
        setFailure(undefined);
        answers.ask(chatId, { parentId: message.parentId }).catch(setFailure);
      },
      edit: (message, content) => answers.ask(chatId, { parentId: message.parentId, content }),
      toCurl(message) {
        const details = readChat();
        const model = message.answer?.model ?? details?.model ?? '';
        return toCurl(location.origin, model, toBranch(details?.messages ?? [], message.id), details?.options);
      },
    };
  }, [answers, chatId, cluster, queryClient]);

  if (error !== null && !chat)
    return <ErrorNotice className="m-4" error={error} title={t('chat.loadFailed')} onRetry={() => void refetch()} />;
  if (!chat) return <ChatSkeleton />;
  if (!chat.isReadable) return <InfoNotice className="m-4">{t('chat.unreadableText')}</InfoNotice>;

  async function chooseChatModel(model: string): Promise<void> {
    localStorage.setItem(LAST_MODEL_KEY, model);
    queryClient.setQueryData<ChatDetails>(['chat', chatId], (before) => before && { ...before, model });
    await cluster.updateChat(chatId, { model });
  }

  async function saveOptions(options: ChatOptions): Promise<void> {
    await cluster.updateChat(chatId, { options });
    queryClient.setQueryData<ChatDetails>(['chat', chatId], (before) => before && { ...before, options });
  }

  return (
    <>
      <title>{`${chat.title || t('chat.untitled')} · Cluster AI`}</title>
      <h1 className="sr-only">{chat.title || t('chat.untitled')}</h1>
      <Thread
        chat={chat}
        live={live}
        actions={actions}
        footer={
          <div className="grid gap-2">
            {failure !== undefined && <ErrorNotice error={failure} />}
            <Composer
              ref={composer}
              label={t('chat.message')}
              isBusy={live !== undefined}
              onStop={stop}
              onSend={(content) => {
                setFailure(undefined);
                return answers.ask(chatId, { parentId: chat.headId, content });
              }}
              tools={
                <Tools>
                  <ModelPicker
                    models={models?.models}
                    value={chat.model}
                    onChoose={(model) => void chooseChatModel(model).catch(setFailure)}
                  />
                  <Parameters options={chat.options} onSave={saveOptions} />
                </Tools>
              }
            />
          </div>
        }
      />
    </>
  );
}
