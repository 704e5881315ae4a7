// What is said to callers on hold, in the words and the order in which the files are listed.
// Spoken form where it differs from the written one: numbers as words, no abbreviations.

export type Language = 'en' | 'ru';

export interface Speech {
  /** Path under media, without language and ending: "advices/first/10-welcome" or "prompts/position-1". */
  path: string;
  text: Record<Language, string>;
}

const ADVICES: readonly Speech[] = [
  {
    path: 'advices/first/10-welcome',
    text: {
      en: 'Thank you for calling. You are on hold, and we will be with you shortly.',
      ru: 'Спасибо за ваш звонок. Пожалуйста, оставайтесь на линии, скоро мы вам ответим.',
    },
  },
  {
    path: 'advices/first/20-keys',
    text: {
      en: 'While you wait, press three to change the music, or zero if you prefer music only.',
      ru: 'Пока вы ждете, нажмите три, чтобы сменить музыку, или ноль, чтобы слушать только музыку.',
    },
  },
  {
    path: 'advices/firstMorning/10-good-morning',
    text: { en: 'Good morning. We are glad that you called.', ru: 'Доброе утро! Мы рады вашему звонку.' },
  },
  {
    path: 'advices/firstDay/10-good-day',
    text: { en: 'Good day. We are glad that you called.', ru: 'Добрый день! Мы рады вашему звонку.' },
  },
  {
    path: 'advices/firstEvening/10-good-evening',
    text: { en: 'Good evening. We are glad that you called.', ru: 'Добрый вечер! Мы рады вашему звонку.' },
  },
  {
    path: 'advices/middle/callback-hours',
    text: {
      en: 'If now is not a good time, please call again later. Early mornings are usually quiet.',
      ru: 'Если вам неудобно ждать, позвоните позже. Утром обычно свободнее.',
    },
  },
  {
    path: 'advices/middle/have-your-number-ready',
    text: {
      en: 'Please have your customer number ready. It helps us to answer you faster.',
      ru: 'Пожалуйста, приготовьте номер вашего договора. Так мы ответим вам быстрее.',
    },
  },
  {
    path: 'advices/middle/keep-your-place',
    text: {
      en: 'Please stay on the line, and you will keep your place in the queue.',
      ru: 'Пожалуйста, не кладите трубку, чтобы сохранить свое место в очереди.',
    },
  },
  {
    path: 'advices/last/10-thank-you-for-waiting',
    text: {
      en: 'Thank you for waiting. We have not forgotten you.',
      ru: 'Спасибо за ожидание. Мы помним о вас.',
    },
  },
];

const ENGLISH_NUMBERS = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const RUSSIAN_ORDINALS = [
  'второй',
  'третий',
  'четвертый',
  'пятый',
  'шестой',
  'седьмой',
  'восьмой',
  'девятый',
  'десятый',
];

const POSITIONS: readonly Speech[] = [
  { path: 'prompts/position-1', text: { en: 'You are next.', ru: 'Вы следующий в очереди.' } },
  ...ENGLISH_NUMBERS.map((number, k) => ({
    path: `prompts/position-${k + 2}`,
    text: { en: `You are number ${number} in the queue.`, ru: `Вы ${RUSSIAN_ORDINALS[k]!} в очереди.` },
  })),
];

export const speeches: readonly Speech[] = [...ADVICES, ...POSITIONS];

/** Where a speech lies: advices carry their language before the ending, prompts have a folder for each. */
export function speechFile({ path }: Speech, language: Language): string {
  return path.startsWith('prompts/')
    ? path.replace('prompts/', `prompts/${language}/`) + '.wav'
    : `${path}.${language}.wav`;
}
