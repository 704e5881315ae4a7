// Thrown: what a log may say of what an operator's code threw: its name, its code and its place.
// Never its text: that may quote what the code was given, and so a caller's name ("Unexpected token 'J', "John Smith" is …").

const NAME = /^[A-Za-z_$][\w$]{0,60}$/;
const FRAME = /^\s*at (?:async )?(?:(?<who>[^()]*?) \()?(?<file>[^()]*):(?<line>\d+):(?<column>\d+)\)?$/;
/** Names of functions as V8 writes them: "Object.ask [as answer]". */
const FUNCTION = /^[\w$.<> [\]#]{1,80}$/;
const FILE = /^[\w.-]{1,100}\.[cm]?[jt]s$/;

/** "threw TypeError (ECONNREFUSED) at Object.ask (config-5f1c.mjs:12:9)". Has a text for whatever was thrown. */
export function redactedError(error: unknown): string {
  try {
    const code = thrownCode(error);
    const place = placeOf(error);
    return `threw ${nameOf(error)}${code === undefined ? '' : ` (${code})`}${place === undefined ? '' : ` at ${place}`}`;
  } catch {
    return 'threw something that cannot be read';
  }
}

/** The code of what was thrown, or of what caused it. Never throws. */
export function thrownCode(error: unknown): string | undefined {
  try {
    return codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause);
  } catch {
    return undefined;
  }
}

function nameOf(error: unknown): string {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && NAME.test(name) ? name : 'what is no error';
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z]/.test(code) && NAME.test(code) ? code : undefined;
}

/** The first line of the stack that lies in a file of the operator's: not in Node, not in a package. */
function placeOf(error: unknown): string | undefined {
  const { stack, message } = (error ?? {}) as { stack?: unknown; message?: unknown };
  if (typeof stack !== 'string') return undefined;
  // A text of several lines may look like a stack.
  const text = typeof message === 'string' ? message : '';
  const frames = stack.slice(Math.max(0, stack.indexOf(text)) + text.length).split('\n');
  for (const frame of frames) {
    const { who, file = '', line, column } = FRAME.exec(frame)?.groups ?? {};
    const name = fileName(file);
    if (name === undefined) continue;
    const place = `${name}:${line}:${column}`;
    return who !== undefined && FUNCTION.test(who) ? `${who} (${place})` : place;
  }
  return undefined;
}

/** A config that was just compiled runs from a data: URL, one that was compiled before from a file in the cache. */
function fileName(file: string): string | undefined {
  if (file.startsWith('data:')) return 'config';
  if (file.startsWith('node:') || file.includes('/node_modules/')) return undefined;
  const name = file.slice(file.lastIndexOf('/') + 1);
  return FILE.test(name) ? name : undefined;
}
