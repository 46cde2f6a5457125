import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, useLanguage } from '../i18n/i18n.ts';
import { languageNames, languages } from '../i18n/languages.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu, MenuChoice, MenuContent, MenuTrigger } from '../ui/menu.tsx';
import { changeTheme, themes, useTheme } from './theme.ts';

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

/** How the page speaks and looks. */
export function Preferences() {
  return (
    <>
      <LanguageMenu />
      <ThemeMenu />
    </>
  );
}
