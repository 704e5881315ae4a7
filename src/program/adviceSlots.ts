// The folders of media/advices as the rota sees them: a shelf says when in a call its advices are due.

export const ADVICE_SLOTS = ['first', 'firstMorning', 'firstDay', 'firstEvening', 'middle', 'last'] as const;
export type AdviceSlot = (typeof ADVICE_SLOTS)[number];

/** The shelves that take turns with the part of the day. */
export type DayPart = 'firstMorning' | 'firstDay' | 'firstEvening';
