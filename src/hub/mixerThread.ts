// MixerThread: one mixing thread as the main thread holds it: started, told, watched, ended.
// Its calls must not wait for a dead or hanging thread: its loss is reported once, when it no longer holds a pipe.
import { Worker, type ResourceLimits } from 'node:worker_threads';
import { withoutNumbers } from '../session/limited';
import type { Cancel, Clock } from '../util/clock';
import { errorFields, HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { inTime } from '../util/inTime';
import { LogThrottle } from '../util/logThrottle';
import type { FromMixer, HubMethods, HubNews, MixerMethods, ToMixer } from '../mixer/messages';
import { isRpc, Rpc, type Handlers } from '../util/rpc';
import { transferOf } from './mixerRpcServer';

export interface MixerThreadParts {
  /** Absolute path of the built src/mixer/worker.ts. */
  file: string;
  onNews(news: HubNews): void;
  /** Answers what its calls ask. */
  serves(thread: Pick<MixerThread, 'request'>): Handlers<HubMethods>;
  /** Told how long each answer took, milliseconds. */
  onServed?(method: keyof HubMethods, tookMs: number): void;
  /** It is dead, or was so stuck that it was ended. Called once, and only after `start` has resolved. */
  onEnd(reason: string): void;
  clock: Clock;
  log: Logger;
  /** Default: 512 MB for what lives long, 3 for what is new. */
  limits?: ResourceLimits;
}

/** A thread that is not ready by then will not be, milliseconds. */
const START_MS = 10_000;
/** Interval between two checks that it lives, milliseconds … */
const LOOK_MS = 1000;
/** … and the number of failed checks in a row that mean it is stuck. */
const LOOKS = 3;
/** Requests of its calls that are answered at once; a few for each call. */
const MOST_ASKED = 20_000;
/** Time limit for its last messages, milliseconds. */
const DRAIN_MS = 1000;
/** Time limit for its end, unless it hangs in the system, milliseconds. */
const END_MS = 1000;
/** Of what lives long, and of what is new: mixing makes next to no garbage. */
const HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 3 };
/** Shortest interval between two logs of printed text, milliseconds, and most characters of it. */
const PRINTED_MS = 60_000;
const LONGEST_PRINTED = 500;
/** Threads print nothing, and need nothing of the environment: in it are secrets. */
const ALONE = { stdout: true, stderr: true, env: {}, execArgv: [] };

/** `new` → `starting` by `start`; `starting` → `running` when it says that it is ready; all → `ended`, for whatever reason, once. */
export class MixerThread implements Closeable {
  #worker: Worker | undefined;
  #status: 'new' | 'starting' | 'running' | 'ended' = 'new';
  #started: (error?: HoldcastError) => void = () => {};
  #exited: Promise<void> = Promise.resolve();
  readonly #rpc: Rpc<MixerMethods, HubMethods>;
  /** Looks since its figures came last. */
  #silentLooks = 0;
  #cancelLook: Cancel = () => {};
  #closed: Promise<void> | undefined;
  readonly #printed: LogThrottle;
  readonly #troubles: LogThrottle;

  constructor(private readonly parts: MixerThreadParts) {
    this.#printed = new LogThrottle(parts.clock, PRINTED_MS);
    this.#troubles = new LogThrottle(parts.clock, PRINTED_MS);
    this.#rpc = new Rpc<MixerMethods, HubMethods>({
      post: (message, transfer) => this.#post(message, transfer),
      serves: parts.serves(this),
      mostServed: MOST_ASKED,
      transferOf,
      onServed: (method, tookMs) => parts.onServed?.(method, tookMs),
      clock: parts.clock,
    });
  }

  /** Called once; resolves when it is ready. @throws HoldcastError HC_MIXER_FAILED */
  start(): Promise<void> {
    this.#status = 'starting';
    return new Promise((resolve, reject) => {
      const { clock } = this.parts;
      const cancel = clock.after(START_MS, () => this.#end(`not ready within ${START_MS} ms`));
      this.#started = (error) => {
        cancel();
        if (error) reject(error);
        else resolve();
      };
      try {
        this.#open();
      } catch (error) {
        this.#end(messageOf(error));
      }
    });
  }

  /** What is sent before it is ready, or after its end, goes nowhere. Never throws. */
  send(message: ToMixer): void {
    try {
      this.#post(message);
    } catch (error) {
      this.#troubled(error, message.type, 'could not be sent to a mixing thread');
    }
  }

  /** At its end all that it was asked is unanswered. */
  readonly request: Rpc<MixerMethods, HubMethods>['request'] = (...asked) => this.#rpc.request(...asked);

  /** Ends it when it has handed over the states of its calls, within two seconds. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#status === 'running') await this.#drain();
    this.#end('it was closed');
    await inTime(this.parts.clock, END_MS, this.#exited);
  }

  async #drain(): Promise<void> {
    // From now on it mixes no more, and has no figures.
    this.#cancelLook();
    await this.request('drain', undefined, { limitMs: DRAIN_MS }).catch(() => {}); // it hangs
  }

  #post(message: ToMixer, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#status === 'running') this.#worker!.postMessage(message, transfer);
  }

  #open(): void {
    const limits = { ...HEAP, ...this.parts.limits };
    const worker = new Worker(this.parts.file, { ...ALONE, resourceLimits: limits });
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    for (const output of [worker.stdout, worker.stderr])
      output.on('data', (printed: Buffer | string) => this.#tellPrinted(String(printed)));
    worker.on('message', (message: FromMixer) => this.#hear(message));
    worker.on('messageerror', (error) => this.#troubled(error, 'unknown', 'a message could not be read'));
    worker.on('error', (error) => this.#end(messageOf(error)));
    worker.on('exit', (code) => this.#end(`it ended with code ${code}`));
  }

  #hear(message: FromMixer): void {
    if (message.type === 'ready' && this.#status === 'starting') this.#run();
    if (message.type === 'figures') this.#silentLooks = 0;
    try {
      if (this.#status !== 'running') return;
      if (isRpc(message)) this.#rpc.hear(message);
      else this.parts.onNews(message);
    } catch (error) {
      this.#troubled(error, message.type, 'a message of a mixing thread met an error');
    }
  }

  #run(): void {
    this.#status = 'running';
    this.#started();
    this.#look();
  }

  /**
   * Only looks are counted, not the time between them: where this thread stood still, or the whole machine, it has not
   * read what the other one has said.
   */
  #look(): void {
    this.#cancelLook = this.parts.clock.after(LOOK_MS, () => {
      if (++this.#silentLooks >= LOOKS) this.#end(`no sign of life for ${LOOKS * LOOK_MS} ms`);
      else this.#look();
    });
  }

  /** Told once, however many signs there are. */
  #end(reason: string): void {
    if (this.#status === 'ended') return;
    const wasRunning = this.#status === 'running';
    this.#status = 'ended';
    this.#cancelLook();
    this.#rpc.close();
    this.#worker?.unref();
    void this.#worker?.terminate().catch(() => {});
    if (!wasRunning) return this.#started(failed(reason));
    // Its pipes are closed when it has exited: before that another thread's audio would be mixed with its own.
    void inTime(this.parts.clock, END_MS, this.#exited).then(() => {
      if (!this.#closed) this.parts.onEnd(reason);
    });
  }

  #tellPrinted(text: string): void {
    const printed = withoutNumbers(text.slice(0, LONGEST_PRINTED));
    this.#printed.say((times) =>
      this.parts.log.warn({ printed, times }, 'a mixing thread printed something'),
    );
  }

  #troubled(error: unknown, type: string, what: string): void {
    this.#troubles.say((times) => this.parts.log.error({ type, times, ...errorFields(error) }, what));
  }
}

function failed(reason: string): HoldcastError {
  const hint =
    'install Holdcast again, so that dist/mixer.cjs is there and whole; see whether memory is free';
  return new HoldcastError('HC_MIXER_FAILED', `a mixing thread could not be started: ${reason}`, hint);
}
