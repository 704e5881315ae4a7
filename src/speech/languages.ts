// The languages that the house speaks, by tag. A new one is a file under languages/ and its name in this list.
import { de } from './languages/de';
import { en } from './languages/en';
import { es } from './languages/es';
import { fr } from './languages/fr';
import { it } from './languages/it';
import { ru } from './languages/ru';
import type { Language } from './language';

export const LANGUAGES: readonly Language[] = [en, ru, de, es, fr, it];

/** The language of a tag as channels have them ("pt_BR", "ru-RU", "EN"), by its base; undefined: not spoken here. */
export function languageFor(tag: string): Language | undefined {
  const base = tag.toLowerCase().split(/[-_.]/)[0];
  return LANGUAGES.find((language) => language.tag === base);
}
