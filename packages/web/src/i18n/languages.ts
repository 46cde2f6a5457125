/** The languages that have a complete catalogue; the first one stands in for all others. */
export const languages = ['en', 'pt-BR'] as const;
export type Language = (typeof languages)[number];

/** What each language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', 'pt-BR': 'Português (Brasil)' };

/** What was chosen before, else the first of the browser's languages that there is (any Portuguese gets pt-BR), else English. */
export function chooseLanguage(stored: string | null, preferred: readonly string[]): Language {
  const known = languages.find((language) => language === stored);
  if (known) return known;
  const families = preferred.map((tag) => tag.toLowerCase().split('-')[0]);
  const family = families.find((candidate) => languages.some((language) => language.toLowerCase().split('-')[0] === candidate));
  return languages.find((language) => language.toLowerCase().split('-')[0] === family) ?? 'en';
}
