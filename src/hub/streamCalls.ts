// StreamCalls: where each call has a process of its own (`hub.play: 'stream'`). Look-ups are answered with `holdcast stream`
// and a token; once Asterisk has said who hears the token's class, a note tells the stream which call it plays to.
import { accessSync, constants } from 'node:fs';
import { holdApplication, type HoldApplication } from '../asterisk/realtime';
import type { SampleRate } from '../audio/frame';
import type { Owners } from '../pipe/owners';
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { tryProgram } from '../util/tryProgram';
import type { Hearer } from './lookUps';
import type { Playback, PlaybackGiven } from './playback';

export interface StreamCallsParts extends Pick<PlaybackGiven, 'lookUps' | 'prepare'> {
  /** Absolute path of bin/holdcast, as Asterisk is to start it. */
  program: string;
  /** Of the sound that streams give Asterisk. */
  rate: SampleRate;
  owners: Owners;
  clock: Clock;
  log: Logger;
}

/**
 * When music stops, Asterisk ends its stream within 200 ms, and the stream then writes the call's state. A reader that remains
 * after this time is no longer the call, milliseconds.
 */
const LEAVING_MS = 1000;
const NODE_HINT = 'link it: ln -s "$(command -v node)" /usr/local/bin/node';

export class StreamCalls implements Playback {
  /** Notes that are removed in a moment, by token. */
  readonly #leaving = new Map<string, Cancel>();

  private constructor(
    private readonly parts: StreamCallsParts,
    readonly application: HoldApplication,
  ) {
    for (const token of parts.owners.tokens()) this.#takeUp(token);
  }

  /** Takes up what an earlier hub has noted. @throws HoldcastError HC_HUB_ADDRESS when Asterisk could not start the program */
  static async open(parts: StreamCallsParts): Promise<StreamCalls> {
    const { program, rate, log } = parts;
    const plain = holdApplication(program, rate);
    if (await startsAlone(program)) return new StreamCalls(parts, plain);
    log.warn(
      { program, hint: NODE_HINT },
      'does not start with the PATH of a service; starting it with the node of the hub',
    );
    return new StreamCalls(parts, holdApplication(program, rate, process.execPath));
  }

  async arrive(uniqueid: string, token: string): Promise<undefined> {
    this.parts.lookUps.open(token, uniqueid, this.#listener(token, uniqueid));
    await this.parts.prepare(uniqueid, token);
  }

  /** @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked, and nothing is removed */
  sweep(living: ReadonlySet<string> | undefined): void {
    if (living) this.parts.owners.sweep(living);
  }

  /** Streams go on; what is noted of their calls stays for the next hub. May be called again. */
  close(): void {
    for (const token of [...this.#leaving.keys()]) this.#remove(token);
  }

  #takeUp(token: string): void {
    const uniqueid = this.parts.owners.of(token);
    if (uniqueid === undefined) return;
    this.parts.lookUps.restore(token, uniqueid, this.#listener(token, uniqueid));
  }

  #listener(token: string, uniqueid: string): (hearer: Hearer) => void {
    return (hearer) => this.#heardBy(token, uniqueid, hearer);
  }

  #heardBy(token: string, uniqueid: string, hearer: Hearer): void {
    if (hearer === 'own') return this.parts.owners.note(token, uniqueid);
    if (hearer === 'foreign') return this.#remove(token);
    this.#leaving.get(token)?.();
    this.#leaving.set(
      token,
      this.parts.clock.after(LEAVING_MS, () => this.#remove(token)),
    );
  }

  #remove(token: string): void {
    this.#leaving.get(token)?.();
    this.#leaving.delete(token);
    this.parts.owners.note(token, undefined);
  }
}

/** What a service of systemd, and so Asterisk, has as PATH where nobody says otherwise (systemd.exec(5)). */
const SERVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';
const TRIAL_MS = 5000;

/** Whether `program` starts by itself with the PATH of a service: its first line must find Node there. */
export function startsAlone(program: string, path = SERVICE_PATH): Promise<boolean> {
  return tryProgram(program, ['--version'], { env: { PATH: path }, limitMs: TRIAL_MS }).then(
    () => true,
    () => false,
  );
}

/** Whether there still is such a program. Synchronous, some microseconds: it is asked before each answer. */
export function isThere(program: string): boolean {
  try {
    for (const file of program.split(' ')) accessSync(file, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
