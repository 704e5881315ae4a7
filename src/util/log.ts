// The logging port: fields, not sentences, and personal data masked at every level before any writer sees it.
// Writers (logWriter.ts) are imported by the hosts, since importing one is slow.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log with `fields` on every line. */
  child(fields: LogFields): Logger;
}

/** Receives each line, already masked. `wallMs`: when it happened, perhaps before the writer was there. */
export type LogWriter = (level: LogLevel, fields: LogFields, message: string, wallMs: number) => void;

/** Fields of personal data: masked even at debug. */
const PERSONAL = new Set([
  'phone',
  'callerid',
  'calleridnum',
  'number',
  'key',
  'digit',
  'digits',
  'pin',
  'balance',
  'account',
  'name',
]);

/** "+44 20 7946 0018" → "…18": the last two characters identify a line in a log, not a person. */
export function masked(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  return text.length > 4 ? `…${text.slice(-2)}` : '…';
}

/** "Local/442079460018@queue-0000001f;1" → "Local/…18@queue-0000001f;1": the serial number at its end stays. */
function maskedChannel(channel: string): string {
  const [, name = '', serial = ''] = /^(.*?)(-[0-9a-f]{8}(?:;\d)?)?$/is.exec(channel) ?? [];
  return name.replace(/\+?\d{6,}/g, masked) + serial;
}

/** A copy of `fields` with personal data masked, at any depth of objects and lists. */
export function maskFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (PERSONAL.has(name.toLowerCase()) && value !== undefined && value !== null)
        return [name, masked(value)];
      if (name.toLowerCase() === 'channel' && typeof value === 'string') return [name, maskedChannel(value)];
      return [name, maskWithin(value)];
    }),
  );
}

function maskWithin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskWithin);
  const plain =
    value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  return plain ? maskFields(value as LogFields) : value;
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Whether a log whose level is `least` writes a line of `level`. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return ORDER[level] >= ORDER[least];
}

/** A Logger that masks each line of at least `level` and passes it to `write`. */
export function createLogger(
  write: LogWriter,
  wall: () => number,
  level: LogLevel = 'info',
  bound: LogFields = {},
): Logger {
  const always = maskFields(bound);
  const at =
    (lineLevel: LogLevel) =>
    (fields: LogFields, message: string): void => {
      if (isAtLeast(lineLevel, level))
        write(lineLevel, { ...always, ...maskFields(fields) }, message, wall());
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createLogger(write, wall, level, { ...bound, ...fields }),
  };
}

/** Discards everything. */
export const silentLogger: Logger = createLogger(
  () => {},
  () => 0,
  'error',
);
