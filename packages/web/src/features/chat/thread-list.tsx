import type { Chat } from '@cluster-ai/contracts';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Ellipsis, FileBraces, FileText, MessageSquarePlus, Pencil, Pin, PinOff, Search, Trash2 } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useChats } from '../../api/queries.ts';
import { useExplainError } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { download, toFileName } from '../../ui/download.ts';
import { Field, Input } from '../../ui/field.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../../ui/menu.tsx';
import { ErrorNotice, LoadFailure } from '../../ui/notice.tsx';
import { StateIcon } from '../../ui/state-badge.tsx';
import { Skeleton } from '../../ui/surface.tsx';
import { useNow } from '../../ui/use-now.ts';
import { toJson, toMarkdown } from './export-chat.ts';
import { groupChats } from './group-chats.ts';

interface ChatDialogProps {
  readonly chat: Chat;
  onClose(): void;
}

function RenameDialog({ chat, onClose }: ChatDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [title, setTitle] = useState(chat.title);
  const [error, setError] = useState<unknown>();
  async function rename(): Promise<void> {
    try {
      await cluster.updateChat(chat.id, { title: title.trim() });
      await queryClient.invalidateQueries({ queryKey: ['chats'] });
      onClose();
    } catch (failure) {
      setError(failure);
    }
  }
  return (
    <Dialog isOpen onClose={onClose} title={t('chat.rename')}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <Field label={t('chat.title')} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={title.trim() === ''}>
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ chat, onClose }: ChatDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();
  const { chatId } = useParams({ strict: false });
  const [error, setError] = useState<unknown>();
  async function remove(): Promise<void> {
    try {
      await cluster.removeChat(chat.id);
      await queryClient.invalidateQueries({ queryKey: ['chats'] });
      toast.success(t('chat.deleted'));
      onClose();
      if (chatId === chat.id) await navigate({ to: '/chat' });
    } catch (failure) {
      setError(failure);
    }
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('chat.delete')}
      description={t('chat.deleteText', { title: chat.title || t('chat.untitled') })}
    >
      {error !== undefined && <ErrorNotice error={error} className="mb-4" />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="danger" onClick={() => void remove()}>
          {t('common.delete')}
        </Button>
      </div>
    </Dialog>
  );
}

function ChatEntry({ chat, onOpen }: { readonly chat: Chat; onOpen(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [dialog, setDialog] = useState<'rename' | 'delete'>();
  const format = useFormat();
  const explain = useExplainError();
  const title = chat.title || t(chat.isReadable ? 'chat.untitled' : 'chat.unreadable');
  const words = {
    untitled: t('chat.untitled'),
    you: t('chat.you'),
    system: t('chat.parameters.names.system'),
    failed: t('chat.failed'),
    dateTime: format.dateTime,
  };
  async function pin(): Promise<void> {
    await cluster.updateChat(chat.id, { isPinned: !chat.isPinned });
    await queryClient.invalidateQueries({ queryKey: ['chats'] });
  }
  async function exportAs(ending: 'md' | 'json'): Promise<void> {
    try {
      const details = await cluster.getChat(chat.id);
      const name = toFileName(details.title, ending);
      if (ending === 'json') download(name, 'application/json', toJson(details));
      else download(name, 'text/markdown', toMarkdown(details, words));
    } catch (failure) {
      toast.error(t('chat.export.failed'), { description: explain(failure).message });
    }
  }
  return (
    <li className="group flex items-center rounded-md hover:bg-muted has-[[aria-current=page]]:bg-accent has-[[aria-current=page]]:text-accent-foreground">
      <Link
        to="/chat/$chatId"
        params={{ chatId: chat.id }}
        onClick={onOpen}
        className="flex min-h-9 min-w-0 flex-1 items-center gap-2 rounded-md px-2.5 -outline-offset-2"
      >
        {chat.isGenerating && <StateIcon state="starting" className="size-3.5" />}
        <span className="truncate">{title}</span>
        {chat.isGenerating && <span className="sr-only">{t('chat.isAnswering')}</span>}
      </Link>
      <Menu>
        <MenuTrigger asChild>
          <IconButton
            label={t('chat.menu', { title })}
            size="icon-small"
            className="mr-1 opacity-60 hover:opacity-100 focus-visible:opacity-100 group-hover:opacity-100"
          >
            <Ellipsis aria-hidden />
          </IconButton>
        </MenuTrigger>
        <MenuContent>
          <MenuItem onSelect={() => setDialog('rename')}>
            <Pencil aria-hidden />
            {t('chat.rename')}
          </MenuItem>
          <MenuItem onSelect={() => void pin()}>
            {chat.isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
            {chat.isPinned ? t('chat.unpin') : t('chat.pin')}
          </MenuItem>
          <MenuItem onSelect={() => void exportAs('md')}>
            <FileText aria-hidden />
            {t('chat.export.markdown')}
          </MenuItem>
          <MenuItem onSelect={() => void exportAs('json')}>
            <FileBraces aria-hidden />
            {t('chat.export.json')}
          </MenuItem>
          <MenuItem className="text-fail" onSelect={() => setDialog('delete')}>
            <Trash2 aria-hidden />
            {t('common.delete')}
          </MenuItem>
        </MenuContent>
      </Menu>
      {dialog === 'rename' && <RenameDialog chat={chat} onClose={() => setDialog(undefined)} />}
      {dialog === 'delete' && <DeleteDialog chat={chat} onClose={() => setDialog(undefined)} />}
    </li>
  );
}

/** All chats by when they were last used, with a search over their titles. `onOpen` is called when one was chosen. */
export function ThreadList({ onOpen = () => undefined }: { onOpen?(): void }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const { data, error, refetch, hasNextPage, fetchNextPage, isPending } = useChats(useDeferredValue(search.trim()));
  const now = useNow();
  const chats = data?.pages.flatMap((page) => page.chats) ?? [];
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="grid gap-2 p-3">
        <Button asChild look="primary" className="w-full">
          <Link to="/chat" onClick={onOpen}>
            <MessageSquarePlus aria-hidden />
            {t('chat.new')}
          </Link>
        </Button>
        <div className="relative">
          <Search aria-hidden className="absolute top-2.5 left-2.5 size-4 text-muted-foreground" />
          <Input
            type="search"
            className="pl-8"
            aria-label={t('chat.searchLabel')}
            placeholder={t('chat.searchPlaceholder')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
      </div>
      <nav aria-label={t('chat.list')} className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        {error !== null && <LoadFailure error={error} title={t('chat.listFailed')} onRetry={() => void refetch()} />}
        {isPending && error === null && <Skeleton className="m-2 h-24" />}
        {data && chats.length === 0 && (
          <p className="px-2.5 py-4 text-muted-foreground">{search === '' ? t('chat.noChats') : t('chat.noneFound')}</p>
        )}
        {groupChats(chats, now).map(({ group, chats: members }) => (
          <section key={group} aria-label={t(`chat.groups.${group}`)}>
            <h3 className="px-2.5 pt-3 pb-1 font-medium text-muted-foreground text-xs">{t(`chat.groups.${group}`)}</h3>
            <ul>
              {members.map((chat) => (
                <ChatEntry key={chat.id} chat={chat} onOpen={onOpen} />
              ))}
            </ul>
          </section>
        ))}
        {hasNextPage && (
          <Button look="ghost" size="small" className="mt-2 w-full" onClick={() => void fetchNextPage()}>
            {t('common.more')}
          </Button>
        )}
      </nav>
    </div>
  );
}
