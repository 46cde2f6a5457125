import type { MailLanguage } from '@cluster-ai/contracts';

/** A mail with a one-use link in it. */
export interface Letter {
  readonly kind: 'invitation' | 'newLogin' | 'reset' | 'forgotten';
  readonly to: string;
  readonly language: MailLanguage;
  readonly clusterName: string;
  /** What the person signs in with; nobody knows it yet of who is invited. */
  readonly personName?: string;
  readonly url: string;
  readonly expiresAtMs: number;
}

export interface ComposedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Words {
  readonly subject: string;
  readonly why: string;
  readonly button: string;
}

const words: Readonly<Record<MailLanguage, Readonly<Record<Letter['kind'], Words>>>> = {
  en: {
    invitation: {
      subject: 'You are invited to {cluster}',
      why: 'Somebody who manages {cluster} invites you. Choose a name and a password by this link:',
      button: 'Accept the invitation',
    },
    newLogin: {
      subject: 'Your login at {cluster}',
      why: 'You have a login at {cluster} now. Choose a password by this link:',
      button: 'Choose a password',
    },
    reset: {
      subject: 'A new password for {cluster}',
      why: 'Somebody who manages {cluster} has taken your old password away. Choose a new one by this link:',
      button: 'Choose a new password',
    },
    forgotten: {
      subject: 'A new password for {cluster}',
      why: 'Somebody, probably you, forgot the password for {cluster}. Choose a new one by this link. If it was not you, do nothing: the old one still works.',
      button: 'Choose a new password',
    },
  },
  'pt-BR': {
    invitation: {
      subject: 'Convite para {cluster}',
      why: 'Quem administra {cluster} está convidando você. Escolha um nome e uma senha por este link:',
      button: 'Aceitar o convite',
    },
    newLogin: {
      subject: 'Seu acesso a {cluster}',
      why: 'Agora você tem acesso a {cluster}. Escolha uma senha por este link:',
      button: 'Escolher uma senha',
    },
    reset: {
      subject: 'Uma nova senha para {cluster}',
      why: 'Quem administra {cluster} retirou a sua senha antiga. Escolha uma nova por este link:',
      button: 'Escolher uma nova senha',
    },
    forgotten: {
      subject: 'Uma nova senha para {cluster}',
      why: 'Alguém, provavelmente você, esqueceu a senha de {cluster}. Escolha uma nova por este link. Se não foi você, não faça nada: a antiga continua valendo.',
      button: 'Escolher uma nova senha',
    },
  },
};

const ends: Readonly<Record<MailLanguage, { readonly name: string; readonly once: string }>> = {
  en: { name: 'You sign in as: {name}', once: 'The link works once, until {time}. Do not pass it on.' },
  'pt-BR': { name: 'Você entra como: {name}', once: 'O link funciona uma vez, até {time}. Não o repasse.' },
};

/** On one line, whatever somebody called something: a line break could begin another header, or another sentence. */
const toOneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

const toHtml = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const toTime = (ms: number, language: MailLanguage) =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(ms)} UTC`;

/** A letter as text and as HTML that says the same. Nothing in it is loaded from elsewhere. */
export function composeLetter(letter: Letter): ComposedLetter {
  const { kind, language, clusterName, personName, url, expiresAtMs } = letter;
  const cluster = toOneLine(clusterName);
  const { subject, why, button } = words[language][kind];
  const said = (text: string) =>
    text.replace(
      /\{(\w+)\}/g,
      (_, key) => ({ cluster, name: toOneLine(personName ?? ''), time: toTime(expiresAtMs, language) })[key as string] ?? '',
    );
  const after = [...(personName === undefined ? [] : [ends[language].name]), ends[language].once].map(said);
  const paragraphs = after.map((line) => `<p>${toHtml(line)}</p>`).join('\n');
  return {
    subject: said(subject),
    text: `${[said(why), url, ...after].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}"><body style="font-family:sans-serif;line-height:1.5">
<p>${toHtml(said(why))}</p>
<p><a href="${toHtml(url)}">${toHtml(button)}</a><br>${toHtml(url)}</p>
${paragraphs}
</body></html>
`,
  };
}
