/** What people read is said in their language; keys, codes and JSON never are. */
export type Language = 'en' | 'pt-BR';

/** One text in every language that we speak. */
export interface Text {
  readonly en: string;
  readonly pt: string;
}

export const text = (en: string, pt: string): Text => ({ en, pt });

/** The way of POSIX: `LC_ALL`, then `LC_MESSAGES`, then `LANG`. Any Portuguese is ours; everything else is English. */
export function chooseLanguage(environment: Readonly<Record<string, string | undefined>>): Language {
  const named = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return named?.toLowerCase().startsWith('pt') ? 'pt-BR' : 'en';
}

export const pick = (language: Language, { en, pt }: Text): string => (language === 'pt-BR' ? pt : en);

/** Puts values into `{name}` places. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
