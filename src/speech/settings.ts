// Settings of voices, resolved: which there are, in the order in which they are tried.

export type VoiceSettings =
  /** Recordings word by word: <folder>/<language>/<clip>.wav (or any other audio). Absolute. */
  | { readonly recorded: string }
  /** Asterisk's sound packs: <folder>/<language>/digits/20.wav. Absolute. */
  | { readonly asterisk: string }
  /**
   * A program: the text on its standard input (or as `{text}`, or in the file `{file}`), a WAV on its standard output
   * (or in `{out}`). `{language}` is that of the caller, as it is written in `languages`.
   */
  | {
      readonly command: readonly [program: string, ...args: string[]];
      /** Languages that it speaks: 'en', 'en-us', 'ru'. */
      readonly languages: readonly string[];
      /** It has so long for a sentence, its preparation included, milliseconds. */
      readonly limitMs: number;
    };

export const DEFAULT_VOICE_MS = 10_000;
