import type { en } from './en.ts';

/**
 * The shape of a catalogue: that of the English one. Portuguese also has the category "many" (1 000 000 *de* nós), so that every
 * plural needs it; in both languages zero has a text of its own, since Portuguese would else say "0 nó".
 */
type Translated<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Translated<T[Key]> };
type WithMany<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : WithMany<T[Key]> } & {
  readonly [Key in keyof T as Key extends `${infer Base}_other` ? `${Base}_many` : never]: string;
};

export type Catalogue = Translated<typeof en>;
export type CatalogueWithMany = WithMany<typeof en>;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}
