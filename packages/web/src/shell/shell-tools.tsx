import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../api/app-context.ts';
import { changeLanguage, useFormat, useLanguage } from '../i18n/i18n.ts';
import { languageNames, languages } from '../i18n/languages.ts';
import { useLiveState } from '../live/live.ts';
import { toFreshness } from '../live/live-state.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu, MenuChoice, MenuContent, MenuTrigger } from '../ui/menu.tsx';
import { Popover, PopoverContent, PopoverTrigger } from '../ui/popover.tsx';
import { useNow } from '../ui/use-now.ts';
import { changeTheme, themes, useTheme } from './theme.ts';
import { WhoAmI } from './who-am-i.tsx';

const colors = { live: 'bg-ready', late: 'bg-warn', connecting: 'bg-busy', offline: 'bg-fail' } as const;

/** Whether what the page shows is current, and else how old it is. */
function ConnectionDot() {
  const { t } = useTranslation();
  const { live } = useApp();
  const format = useFormat();
  const { kind, ageMs } = toFreshness(useLiveState(live), useNow());
  const age = format.distance(-ageMs);
  const text = kind === 'late' ? age : t(`connection.${kind}`);
  return (
    <Popover>
      <PopoverTrigger
        className="flex h-8 items-center gap-2 rounded-md px-2 text-muted-foreground hover:bg-muted"
        aria-label={t('connection.label', { state: text })}
      >
        <span aria-hidden className={cn('size-2 rounded-full', colors[kind])} />
        <span className="tabular hidden whitespace-nowrap sm:inline">{text}</span>
      </PopoverTrigger>
      <PopoverContent align="end" aria-label={t('connection.title')}>
        <p className="font-medium">{text}</p>
        <p className="mt-1 text-muted-foreground">{t(`connection.${kind}Text`)}</p>
        {kind === 'offline' && (
          <Button size="small" className="mt-3" onClick={() => live.retry()}>
            {t('common.retry')}
          </Button>
        )}
      </PopoverContent>
    </Popover>
  );
}

const themeIcons = { system: Monitor, light: Sun, dark: Moon } as const;

function ThemeMenu() {
  const { t } = useTranslation();
  const theme = useTheme();
  const Icon = themeIcons[theme];
  return (
    <Menu>
      <MenuTrigger asChild>
        <IconButton label={t('shell.theme')}>
          <Icon aria-hidden />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        <MenuChoice
          label={t('shell.theme')}
          value={theme}
          onChoose={changeTheme}
          choices={themes.map((value) => ({ value, label: t(`themes.${value}`) }))}
        />
      </MenuContent>
    </Menu>
  );
}

function LanguageMenu() {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Menu>
      <MenuTrigger asChild>
        <IconButton label={t('shell.language')}>
          <Languages aria-hidden />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        <MenuChoice
          label={t('shell.language')}
          value={language}
          onChoose={(next) => void changeLanguage(next)}
          choices={languages.map((value) => ({ value, label: <span lang={value}>{languageNames[value]}</span> }))}
        />
      </MenuContent>
    </Menu>
  );
}

/** The right end of the top bar. */
export function ShellTools() {
  return (
    <>
      <WhoAmI />
      <ConnectionDot />
      <LanguageMenu />
      <ThemeMenu />
    </>
  );
}
