// The words of the shipped voices: every recording that the languages of the house may ask for, in English and Russian.
// What a word is called is what it says, so there is no second list of texts that could differ.
import { languageFor } from '../../src/speech/languages';
import type { Language } from './texts';

export interface Word {
  /** Path under media/voices: "standard/en/on-account-number.wav". */
  file: string;
  /** What is said: "on account number". */
  text: string;
  language: Language;
}

/** Currencies whose units are recorded: of where these languages are spoken, and what is paid in everywhere. */
const CURRENCIES: Readonly<Record<Language, readonly string[]>> = {
  en: ['USD', 'EUR', 'GBP', 'CAD', 'AUD', 'INR', 'CHF', 'RUB'],
  ru: ['RUB', 'USD', 'EUR', 'GBP', 'UAH', 'KZT', 'BYN', 'CNY'],
};

/** Folder below media/ with the voices and a manifest of their own: what a call begins with need not read it. */
export const VOICES = 'voices';
/** The pack that is shipped. */
const PACK = 'standard';

export function wordsOf(language: Language): Word[] {
  const names = languageFor(language)!.vocabulary(CURRENCIES[language]);
  return [...new Set(names)].sort().map((name) => ({
    file: `${PACK}/${language}/${name}.wav`,
    // One letter alone is its name, not the article "a" or the preposition "с".
    text: name.length === 1 ? name.toUpperCase() : name.replaceAll('-', ' '),
    language,
  }));
}
