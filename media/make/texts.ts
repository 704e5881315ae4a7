// What is said to callers on hold, in the words and the order in which the files are listed.
// Spoken form where it differs from the written one: numbers as words, no abbreviations.
import { englishCardinal, russianGenitive, russianOrdinal } from './numbers';

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

/** Places up to here are said by their number. */
const LAST_PLACE = 50;

const POSITIONS: readonly Speech[] = [
  { path: 'prompts/position-1', text: { en: 'You are next.', ru: 'Вы следующий в очереди.' } },
  ...Array.from({ length: LAST_PLACE - 1 }, (_, k) => k + 2).map((place) => ({
    path: `prompts/position-${place}`,
    text: {
      en: `You are number ${englishCardinal(place)} in the queue.`,
      ru: `Вы ${russianOrdinal(place)} в очереди.`,
    },
  })),
  {
    path: 'prompts/position-many',
    text: {
      en: 'You are further back than number fifty in the queue.',
      ru: 'Ваше место в очереди дальше пятидесятого.',
    },
  },
  {
    path: 'prompts/position-unknown',
    text: {
      en: 'We cannot tell your place in the queue at the moment.',
      ru: 'Сейчас мы не можем назвать ваше место в очереди.',
    },
  },
];

/** Minutes from and to; each range begins where the one before it ends. */
const WAITS = [1, 2, 3, 5, 10, 15, 20, 30, 45].map((from, k, all) => [from, all[k + 1] ?? 60] as const);

const WAIT_PROMPTS: readonly Speech[] = [
  {
    path: 'prompts/wait-under-1',
    text: { en: 'The wait is less than a minute.', ru: 'Ожидание займет менее минуты.' },
  },
  ...WAITS.map(([from, to]) => ({
    path: `prompts/wait-${from}-${to}`,
    text: {
      en: `The wait is about ${englishCardinal(from)} to ${englishCardinal(to)} minutes.`,
      ru: `Ожидание займет примерно от ${russianGenitive(from)} до ${russianGenitive(to)} минут.`,
    },
  })),
  {
    path: 'prompts/wait-over-60',
    text: { en: 'The wait is more than an hour.', ru: 'Ожидание займет более часа.' },
  },
  {
    path: 'prompts/wait-longer',
    text: { en: 'It is taking longer than we thought.', ru: 'Ждать приходится дольше, чем мы думали.' },
  },
];

const BALANCE_PROMPTS: readonly Speech[] = [
  {
    path: 'prompts/balance-unavailable',
    text: { en: 'Your balance is not available just now.', ru: 'Сейчас ваш баланс недоступен.' },
  },
  {
    path: 'prompts/balance-unknown-caller',
    text: {
      en: 'We cannot tell which number you are calling from, so we cannot say your balance.',
      ru: 'Мы не видим, с какого номера вы звоните, поэтому не можем назвать ваш баланс.',
    },
  },
  {
    path: 'prompts/number-not-registered',
    text: {
      en: 'The number you are calling from is not registered with us.',
      ru: 'Номер, с которого вы звоните, у нас не зарегистрирован.',
    },
  },
  {
    path: 'prompts/enter-pin',
    text: { en: 'Please enter your secret code.', ru: 'Пожалуйста, введите ваш секретный код.' },
  },
  {
    path: 'prompts/wrong-pin',
    text: {
      en: 'This code is not right, please try again.',
      ru: 'Код неверный. Пожалуйста, попробуйте еще раз.',
    },
  },
  {
    path: 'prompts/pin-locked',
    text: {
      en: 'The code was wrong too often. Please ask our colleagues.',
      ru: 'Код введен неверно слишком много раз. Пожалуйста, обратитесь к нашим сотрудникам.',
    },
  },
  {
    path: 'prompts/one-moment',
    text: { en: 'One moment, please.', ru: 'Одну секунду, пожалуйста.' },
  },
];

export const speeches: readonly Speech[] = [...ADVICES, ...POSITIONS, ...WAIT_PROMPTS, ...BALANCE_PROMPTS];

/** Where a speech lies: advices carry their language before the ending, prompts have a folder for each. */
export function speechFile({ path }: Speech, language: Language): string {
  return path.startsWith('prompts/')
    ? path.replace('prompts/', `prompts/${language}/`) + '.wav'
    : `${path}.${language}.wav`;
}
