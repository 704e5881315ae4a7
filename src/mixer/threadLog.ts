// ThreadLog: the log of a mixing thread. Lines are masked here and written by the main thread; how many wait for that
// is bounded, since the main thread may stand still while a thousand calls have something to say.
import type { Clock } from '../util/clock';
import { createLogger, isAtLeast, type LogFields, type Logger, type LogLevel } from '../util/log';
import type { FromMixer } from './messages';

/** Lines at once: a thousand calls begin together after a restart … */
const BURST = 10_000;
/** … and on average. */
const PER_SECOND = 500;

type Line = Extract<FromMixer, { type: 'log' }>;

export class ThreadLog {
  readonly logger: Logger;
  /** The least that is told. */
  level: LogLevel = 'info';
  #room = BURST;
  #countedAt: number;
  #dropped = 0;

  /** @param post may throw: a field may be what cannot be sent to another thread */
  constructor(
    private readonly post: (line: Line) => void,
    private readonly clock: Clock,
  ) {
    this.#countedAt = clock.now();
    const write = (level: LogLevel, fields: LogFields, message: string, wallMs: number): void => {
      if (isAtLeast(level, this.level)) this.#tell({ type: 'log', level, fields, message, wallMs });
    };
    this.logger = createLogger(write, () => clock.wall(), 'debug');
  }

  #tell(line: Line): void {
    const now = this.clock.now();
    this.#room = Math.min(BURST, this.#room + ((now - this.#countedAt) * PER_SECOND) / 1000);
    this.#countedAt = now;
    if (this.#room < 1) return void this.#dropped++;
    this.#room--;
    if (this.#dropped > 0)
      this.#send({ ...line, level: 'warn', fields: { lines: this.#dropped }, message: DROPPED });
    this.#dropped = 0;
    this.#send(line);
  }

  #send(line: Line): void {
    try {
      this.post(line);
    } catch {
      this.post({ ...line, fields: asText(line.fields) });
    }
  }
}

const DROPPED = 'log lines lost: more than can be written';

/** What each field has for a person. */
function asText(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? value : textOf(value)]),
  );
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
  } catch {
    return typeof value;
  }
}
