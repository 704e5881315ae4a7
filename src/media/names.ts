// What a file's name says: is it audio at all, whose language it speaks, what people call it, where it sorts.
// An operator only drops files into folders, so the name is the only information.

/** What lies beside audio: notes, licences, pictures, lyrics, lists, sums, what programs and systems leave in folders. */
const BESIDE =
  'license|licence|json|txt|md|rtf|nfo|diz|log|htm|html|xml|csv|ini|db|url|lnk|desktop|webloc|torrent|pdf|doc|docx|odt|' +
  'jpg|jpeg|jpe|png|gif|bmp|webp|avif|heic|tif|tiff|svg|ico|psd|lrc|srt|vtt|ass|cue|toc|pls|m3u|m3u8|xspf|asx|wpl|b4s|' +
  'md5|sha1|sha256|sha512|sfv|ffp|st5|accurip|sig|asc|asd|sfk|sfl|pkf|pek|reapeaks|ovw|aup|aup3|yml|yaml|toml|sh|bat|exe|dll';
/** What is still being copied or was put aside: browsers, torrent clients, rsync, editors. */
const UNFINISHED =
  'tmp|temp|part|parts|partial|filepart|crdownload|download|opdownload|!ut|!qb|!bt|bc!|aria2|dltemp|unconfirmed|incomplete|' +
  'td|met|ytdl|icloud|' +
  'bak|backup|old|orig|swp|swo|lock|dpkg-\\w+|rpm\\w+';
/** Notes that have no ending by custom. */
const NOTES = 'readme|licen[cs]e|copying|copyright|credits|authors|attribution|notice|changelog';
const NOT_AUDIO = new RegExp(
  `\\.(${BESIDE}|${UNFINISHED})$|~$|^~|^#.*#$|:Zone\\.Identifier$|^Icon\\r$|^(${NOTES})$`,
  'i',
);

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

/** Numbers of movements and parts that are languages too, in capitals as one writes them: Part VI, Act II. */
const ROMAN = /^(?:[IVXL]+|ii)$/;

/** Whether a directory entry may be audio: not hidden, nothing that lies beside audio, not half-copied by its name. */
export function isMediaName(name: string): boolean {
  return !name.startsWith('.') && !NOT_AUDIO.test(name);
}

/** "en" of "en", "en-GB", "en_US"; lower case; undefined when `tag` is no language. */
export function baseLanguage(tag: string): string | undefined {
  const base = /^([a-z]{2})(?:[-_][a-z]{2,4})?$/i.exec(tag)?.[1]?.toLowerCase();
  return base !== undefined && LANGUAGES.has(base) ? base : undefined;
}

/** Of tags as people write them ("en_US", "en-gb") that of a language: the whole tag, else its base, else one of the same base. */
export function closestTag(language: string, tags: readonly string[]): string | undefined {
  const base = baseLanguage(language);
  const plain = (tag: string): string => tag.toLowerCase().replace('_', '-');
  return (
    tags.find((tag) => plain(tag) === plain(language)) ??
    tags.find((tag) => plain(tag) === base) ??
    tags.find((tag) => base !== undefined && baseLanguage(tag) === base)
  );
}

/**
 * The base language that stands before the extension: "pt" of "welcome.pt-BR.wav". Written as languages are, "en" or
 * "EN": the words of a title ("What.It.Is.mp3") and its numbers ("Part.II.mp3") are none.
 */
export function languageOf(name: string): string | undefined {
  const tag = /\.([^.]+)\.[^.]+$/.exec(name)?.[1];
  if (tag === undefined || !/^(?:[a-z]{2}|[A-Z]{2})(?:[-_][A-Za-z]{2,4})?$/.test(tag)) return undefined;
  return ROMAN.test(tag) ? undefined : baseLanguage(tag);
}

/**
 * A title from a file name: "02_first-light.en.wav" → "First light".
 * @param spoken whether a language may stand before the extension
 */
export function titleOf(name: string, spoken = true): string {
  let stem = name.replace(/\.[^.]+$/, '').normalize('NFC');
  if (spoken && languageOf(name) !== undefined) stem = stem.replace(/\.[^.]+$/, '');
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
