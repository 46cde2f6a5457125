import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { Box, Languages, MessageSquare, MessageSquarePlus, Moon, Plus, Server, Sun } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChats, useModels, useNodes } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { changeLanguage, useLanguage } from '../i18n/i18n.ts';
import { languageNames, languages } from '../i18n/languages.ts';
import { StateIcon } from '../ui/state-badge.tsx';
import { useDestinations } from './destinations.ts';
import { changeTheme, useIsDark } from './theme.ts';

interface EntryProps {
  readonly id: string;
  readonly words?: readonly string[];
  onChoose(): void;
  readonly children: ReactNode;
}

function Entry({ id, words = [], onChoose, children }: EntryProps) {
  return (
    <Command.Item
      value={id}
      keywords={[...words]}
      onSelect={onChoose}
      className="flex min-h-10 cursor-pointer items-center gap-3 rounded-md px-3 py-2 data-[selected=true]:bg-accent data-[selected=true]:text-accent-foreground [&_svg]:size-4 [&_svg]:shrink-0"
    >
      {children}
    </Command.Item>
  );
}

const groupStyle =
  '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-muted-foreground [&_[cmdk-group-heading]]:text-xs';

/** Everything that one can go to or do, by typing. */
export function CommandPalette({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const language = useLanguage();
  const isDark = useIsDark();
  const [search, setSearch] = useState('');
  const destinations = useDestinations();
  const may = useMay();
  const { data: nodes = [] } = useNodes();
  const { data: models } = useModels();
  const { data: chats } = useChats('');
  const other = languages.find((candidate) => candidate !== language) ?? language;

  const after = (action: () => unknown) => () => {
    onClose();
    action();
  };

  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border bg-popover text-popover-foreground shadow-xl"
        >
          <Radix.Title className="sr-only">{t('palette.title')}</Radix.Title>
          <Command label={t('palette.title')} loop>
            <Command.Input
              value={search}
              onValueChange={setSearch}
              placeholder={t('palette.placeholder')}
              className="h-12 w-full border-b bg-transparent px-4 text-base outline-none"
            />
            <Command.List className="max-h-[55vh] overflow-y-auto p-2">
              <Command.Empty className="px-3 py-8 text-center text-muted-foreground">{t('palette.empty')}</Command.Empty>
              <Command.Group heading={t('palette.goTo')} className={groupStyle}>
                {destinations.map(({ to, key, icon: Icon }) => (
                  <Entry key={to} id={`page ${to}`} words={[t(`pages.${key}`)]} onChoose={after(() => navigate({ to }))}>
                    <Icon aria-hidden />
                    {t(`pages.${key}`)}
                  </Entry>
                ))}
              </Command.Group>
              <Command.Group heading={t('palette.do')} className={groupStyle}>
                {may('chats:write') && (
                  <Entry id="do new-chat" words={[t('chat.new')]} onChoose={after(() => navigate({ to: '/chat' }))}>
                    <MessageSquarePlus aria-hidden />
                    {t('chat.new')}
                  </Entry>
                )}
                {may('nodes:write') && (
                  <Entry
                    id="do add-machine"
                    words={[t('nodes.add')]}
                    onChoose={after(() => navigate({ to: '/nodes', search: { add: true } }))}
                  >
                    <Plus aria-hidden />
                    {t('nodes.add')}
                  </Entry>
                )}
                <Entry id="do theme" words={[t('shell.theme')]} onChoose={after(() => changeTheme(isDark ? 'light' : 'dark'))}>
                  {isDark ? <Sun aria-hidden /> : <Moon aria-hidden />}
                  {isDark ? t('palette.useLight') : t('palette.useDark')}
                </Entry>
                <Entry id="do language" words={[t('shell.language')]} onChoose={after(() => changeLanguage(other))}>
                  <Languages aria-hidden />
                  <span lang={other}>{languageNames[other]}</span>
                </Entry>
              </Command.Group>
              {nodes.length > 0 && (
                <Command.Group heading={t('pages.nodes')} className={groupStyle}>
                  {nodes.map((node) => (
                    <Entry
                      key={node.id}
                      id={`node ${node.id}`}
                      words={[node.name]}
                      onChoose={after(() => navigate({ to: '/nodes/$nodeId', params: { nodeId: node.id } }))}
                    >
                      <Server aria-hidden />
                      <span className="flex-1 truncate">{node.name}</span>
                      <StateIcon state={node.condition.state} />
                    </Entry>
                  ))}
                </Command.Group>
              )}
              {models && models.models.length > 0 && (
                <Command.Group heading={t('pages.models')} className={groupStyle}>
                  {models.models.map((model) => (
                    <Entry
                      key={model.name}
                      id={`model ${model.name}`}
                      words={[model.name]}
                      onChoose={after(() => navigate({ to: '/models/$name', params: { name: model.name } }))}
                    >
                      <Box aria-hidden />
                      <span className="flex-1 truncate">{model.name}</span>
                      <StateIcon state={model.condition.state} />
                    </Entry>
                  ))}
                </Command.Group>
              )}
              {chats && (
                <Command.Group heading={t('palette.chats')} className={groupStyle}>
                  {chats.pages
                    .flatMap((page) => page.chats)
                    .slice(0, 30)
                    .map((chat) => (
                      <Entry
                        key={chat.id}
                        id={`chat ${chat.id}`}
                        words={[chat.title]}
                        onChoose={after(() => navigate({ to: '/chat/$chatId', params: { chatId: chat.id } }))}
                      >
                        <MessageSquare aria-hidden />
                        <span className="truncate">{chat.title || t('chat.untitled')}</span>
                      </Entry>
                    ))}
                </Command.Group>
              )}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
