// What Asterisk's res_config_curl asks about music classes, and what it is answered: one class for each look-up.
// Pure, and deaf to all but a Uniqueid. Nothing of the call gets into a command line, which every user of the machine can
// read: a token stands for it.
import type { SampleRate } from '../audio/frame';
import { percentDecoded, textOf } from '../util/bytesText';
import { HoldcastError } from '../util/errors';
import { isUniqueid } from './callNews';
import { mintToken } from './token';

export interface RealtimeRequest {
  /** Path of the URL, with its query if there is one. */
  readonly path: string;
  /** As it came, each byte a character (Latin-1): fields joined by `&`, percent-encoded. */
  readonly body: string;
}

export interface RealtimeAnswer {
  readonly status: 200 | 404;
  /** Empty: "no such class". Asterisk reads the body whatever the status is, so a refusal is always empty. */
  readonly body: string;
  /** The Uniqueid of the call whose class it is; absent: it is no class. */
  readonly call?: string;
  readonly trouble?: LookUpTrouble;
}

/** Why a look-up for a call gives that call no music of its own. */
export interface LookUpTrouble {
  /** The name of the class, whatever is in it. */
  readonly asked: string;
  readonly why: string;
}

/** What Asterisk starts for each call; made by `holdApplication` or `readerApplication`. */
export interface HoldApplication {
  /** Absolute path of the program; before it that of Node, where Asterisk would not find Node by itself. */
  readonly program: string;
  /** What stands between it and the token. */
  readonly words: readonly string[];
  /** Asterisk's name for the form of the sound; absent: its own default, 8 kHz. */
  readonly format?: 'slin16' | 'slin48';
}

/** What Asterisk starts where the hub plays; it lies beside bin/holdcast. */
export const READER = 'holdcast-reader';

/** What stands before the Uniqueid in the name of a class. */
export const CLASS_PREFIX = 'hold-';

/** The Uniqueid by which `holdcast doctor` asks: it is answered as any, and nothing is made ready for it. */
export const PROBE = 'doctor.1';

/** Asterisk's own limits, `application` and the name of a class, in bytes without the final zero. */
const LONGEST_APPLICATION = 255;
const LONGEST_CLASS = 79;

const FORMATS: Record<SampleRate, HoldApplication['format']> = {
  8000: undefined,
  16000: 'slin16',
  48000: 'slin48',
};

export const NO_CLASS: RealtimeAnswer = { status: 200, body: '' };
/**
 * "No row was changed", and to `require`: "the fields are fine". Not an empty answer, though nothing is stored here: to
 * find the number in it, Asterisk 16 to 22 skips everything up to a space, the end of an empty text included, and reads
 * on in memory that is not the answer's (update_curl, store_curl, destroy_curl).
 */
const NO_ROWS: RealtimeAnswer = { status: 200, body: '0' };
const NOT_HERE: RealtimeAnswer = { status: 404, body: '' };

/**
 * @param file absolute path of bin/holdcast
 * @param node absolute path of the Node that runs it; absent: the file's own first line finds it
 * @throws HoldcastError HC_HUB_ADDRESS when Asterisk could not start it: it splits `application` at spaces, without
 *   quoting, and cuts it at 255 characters
 */
export function holdApplication(file: string, rate: SampleRate, node?: string): HoldApplication {
  return application(node === undefined ? [file] : [node, file], ['stream', '--token'], rate);
}

/**
 * Where the hub plays.
 * @param file absolute path of bin/holdcast-reader
 * @param folder absolute, of the callers' pipes
 * @throws as `holdApplication`
 */
export function readerApplication(file: string, folder: string, rate: SampleRate): HoldApplication {
  if (!isOneWord(folder)) throw unstartable(`${file} ${folder}`, 'Asterisk splits a command line at spaces');
  return application([file], [folder], rate);
}

function application(paths: readonly string[], words: readonly string[], rate: SampleRate): HoldApplication {
  const program = paths.join(' ');
  if (!paths.every(isOneWord))
    throw unstartable(program, 'Asterisk splits a command line at spaces, and needs an absolute path');
  const longest = Buffer.byteLength(commandLine({ program, words }, mintToken()));
  if (longest > LONGEST_APPLICATION)
    throw unstartable(program, `Asterisk takes ${LONGEST_APPLICATION} characters, it could be ${longest}`);
  const format = FORMATS[rate];
  return { program, words, ...(format && { format }) };
}

function isOneWord(path: string): boolean {
  return path.startsWith('/') && !/[\s\p{Cc}]/u.test(path);
}

/**
 * Answers one request; never throws, whatever is asked.
 * @param token of this look-up
 * @param plain what is started is not told which look-up it is for, so that it plays to all alike
 */
export function answer(
  { path, body }: RealtimeRequest,
  application: HoldApplication,
  token: string,
  plain = false,
): RealtimeAnswer {
  switch (actionOf(path)) {
    case 'single':
      return oneClass(body, application, token, plain);
    case 'multi':
    case 'static':
      return NO_CLASS;
    case 'update':
    case 'store':
    case 'destroy':
    case 'require':
      return NO_ROWS;
    default:
      return NOT_HERE;
  }
}

/** "/realtime/musiconhold/single?x=1" → "single": what stands before it is the operator's choice in extconfig.conf. */
export function actionOf(path: string): string {
  const end = path.search(/[?#]/);
  const plain = end < 0 ? path : path.slice(0, end);
  return plain.slice(plain.lastIndexOf('/') + 1);
}

/** The call whose class a body asks for; undefined: it asks for another, or is none. */
function askedIn(body: string): { readonly call: string } | LookUpTrouble | undefined {
  const name = onlyName(body);
  if (!name)
    return body.includes(`name=${CLASS_PREFIX}`)
      ? { asked: body, why: 'it is not encoded as Asterisk does, or names two classes' }
      : undefined;
  const text = textOf(name);
  if (!text.startsWith(CLASS_PREFIX)) return undefined;
  const call = text.slice(CLASS_PREFIX.length);
  const most = LONGEST_CLASS - CLASS_PREFIX.length;
  if (name.length > LONGEST_CLASS)
    return { asked: text, why: `a Uniqueid of more than ${most} bytes has no room in the name of a class` };
  return isUniqueid(call) ? { call } : { asked: text, why: 'this is no Uniqueid' };
}

/** Asterisk calls the class by the name that is answered, see token.ts. */
function oneClass(body: string, application: HoldApplication, token: string, plain: boolean): RealtimeAnswer {
  const { format } = application;
  const asked = askedIn(body);
  if (!asked) return NO_CLASS;
  if ('why' in asked) return { ...NO_CLASS, trouble: asked };
  const text = classText(CLASS_PREFIX + token, commandLine(application, plain ? undefined : token), format);
  return { status: 200, body: text, call: asked.call };
}

/** A class as res_config_curl reads it. */
export function classText(name: string, application: string, format: HoldApplication['format']): string {
  const fields = { name, mode: 'custom', application, ...(format && { format }) };
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${encodeURIComponent(value)}`)
    .join('&');
}

/** Asterisk runs this by execv: no shell, no search of PATH. */
function commandLine(
  { program, words }: Pick<HoldApplication, 'program' | 'words'>,
  token: string | undefined,
): string {
  return [program, ...words, ...(token === undefined ? [] : [token])].join(' ');
}

/** The bytes of the one field `name`; undefined: there is none, there are two, or one field is wrongly encoded. */
function onlyName(body: string): Buffer | undefined {
  let found: Buffer | undefined;
  for (const pair of body.split('&')) {
    const [field, value] = splitOnce(pair).map((text) => percentDecoded(text, 'latin1')); // `+` stays a plus, as in Asterisk
    if (field === undefined || value === undefined) return undefined;
    if (field.toString('latin1') !== 'name') continue;
    if (found !== undefined) return undefined;
    found = value;
  }
  return found;
}

function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function unstartable(program: string, why: string): HoldcastError {
  const hint = 'install holdcast in a folder with a shorter path without spaces, for example /opt/holdcast';
  return new HoldcastError('HC_HUB_ADDRESS', `Asterisk cannot start ${program}: ${why}`, hint);
}
