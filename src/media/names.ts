// What a file's name says: is it audio at all, whose language it speaks, what people call it, where it sorts.
// An operator only drops files into folders, so the name is all there is to go by.

/** Endings of files that lie beside audio (notes, licences) or are still being copied. */
const NOT_AUDIO = /\.(license|json|txt|md|tmp|part|filepart|crdownload)$/i;

/** ISO 639-1: so that "intro.hd.mp3" is not taken for a language that nobody speaks. */
const LANGUAGES = new Set(
  (
    'aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en ' +
    'eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ' +
    'ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ' +
    'ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st ' +
    'su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu'
  ).split(' '),
);

/** Whether a directory entry may be audio: not hidden, not a note, not half-copied by its name. */
export function isMediaName(name: string): boolean {
  return !name.startsWith('.') && !NOT_AUDIO.test(name);
}

/** "en" of "en", "en-GB", "en_US"; lower case; undefined when `tag` is no language. */
export function baseLanguage(tag: string): string | undefined {
  const base = /^([a-z]{2})(?:[-_][a-z]{2,4})?$/i.exec(tag)?.[1]?.toLowerCase();
  return base !== undefined && LANGUAGES.has(base) ? base : undefined;
}

/** The base language that stands before the extension: "pt" of "welcome.pt-BR.wav". */
export function languageOf(name: string): string | undefined {
  const tag = /\.([^.]+)\.[^.]+$/.exec(name)?.[1];
  return tag === undefined ? undefined : baseLanguage(tag);
}

/** A title from a file name: "02_first-light.en.wav" → "First light". */
export function titleOf(name: string): string {
  let stem = name.replace(/\.[^.]+$/, '');
  if (languageOf(name) !== undefined) stem = stem.replace(/\.[^.]+$/, '');
  const words = stem.replace(/[_\-.\s]+/g, ' ').trim();
  const title = words.replace(/^\d+ (?=\S)/, '') || stem;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

let collator: Intl.Collator | undefined;

/** Alphabetical as people expect it ("2" before "10"), the same on every machine, total. */
export function compareNames(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
