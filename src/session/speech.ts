// Speech as a Session knows it: sentences with numbers in them, as clips. What is behind it (grammar, voices) is loaded
// after the caller hears music.
import type { Speaker } from '../speech/speaker';

/**
 * A sentence for which no voice has been found by then is not said, milliseconds. A voice that is a command may take 12 s,
 * and when it has taken them in vain the next one shall still have its own.
 */
export const SPEECH_MS = 25_000;

export type Speech = Pick<Speaker, 'balance' | 'position'>;
