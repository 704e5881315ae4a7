// HeldCall: one look-up of a mixing thread. Its music is ready before its reader arrives; while Asterisk reads, the hub plays to it;
// when that reader ends, the next one continues there. Until Asterisk has named the call, it is music only.
import type { CallNews } from '../asterisk/callNews';
import { samplesOf } from '../audio/frame';
import type { CallRules } from '../session/assemble';
import { musicOf, READ_MS, type CallState } from '../session/state';
import { endReader, type ReaderProcess } from '../pipe/readerProcess';
import { errorFields } from '../util/errors';
import { seedOf, type Random } from '../util/random';
import { CallPipe } from './callPipe';
import type { HeldCallParts } from './heldCallParts';
import { CallOwner } from './callOwner';
import { CallReaders } from './callReaders';
import { CallSound } from './callSound';
import type { CallBeginning, CallStatus } from './messages';
import { StateSchedule } from './stateSchedule';

/**
 * `due` → `waiting` by `open`; `waiting` → `playing` when a reader has arrived, at once where one was announced before;
 * `playing` → `due` when that reader goes, or another one comes; `waiting` → `asleep` when none comes; `asleep` → `due` by `begin` or a
 * reader. What fails goes to `asleep` and back. All → `over` by `close`.
 */
type Held =
  /** No reader is expected, or opening failed and is retried at `again`. Only its state is kept. */
  | { readonly status: 'asleep'; readonly again?: number }
  /** To be opened. `before` no longer plays, but holds the next samples. */
  | { readonly status: 'due'; readonly before: CallSound | undefined }
  /** Everything is ready, nothing is rendered yet. Ignores keys. */
  | { readonly status: 'waiting'; readonly sound: CallSound; readonly since: number }
  | { readonly status: 'playing'; readonly sound: CallSound }
  | { readonly status: 'over' };

/** A reader that has not arrived after this time is no longer expected. */
const PATIENCE_MS = 30_000;
/** Delay before a failed call is tried again. */
const AGAIN_MS = 1000;
/** Most audio that can be unheard, see `Session.stateAt`. */
const MOST_UNREAD_MS = 500;

export class HeldCall {
  readonly token: string;
  readonly #pipe: CallPipe;
  readonly #random: Random;
  /** Undefined: the listener is not known. */
  #owner: CallOwner | undefined;
  #language: string | undefined;
  #held: Held = { status: 'asleep' };
  /** Where it continues; undefined: the caller has heard nothing yet. */
  #state: CallState | undefined;
  /** The call began here, and no Session of it has heard that yet. */
  #fresh: boolean;
  /** Failures to open or play since the last turn that succeeded. */
  #failures = 0;
  #keyAtMs = 0;
  readonly #readers = new CallReaders();
  readonly #telling: StateSchedule;

  /** @param slot a number that differs from call to call: what need not be in each tick is spread by it */
  constructor(
    private readonly parts: HeldCallParts,
    beginning: CallBeginning,
    slot: number,
  ) {
    const { token, uniqueid, fresh = false } = beginning;
    this.token = token;
    this.#fresh = fresh;
    this.#pipe = new CallPipe(parts);
    this.#telling = new StateSchedule(() => parts.settings(), slot);
    this.#random = parts.random(seedOf(token));
    this.heardBy(uniqueid);
    this.begin(beginning);
  }

  get status(): Held['status'] {
    return this.#held.status;
  }

  /** Its session failed: music only. */
  get plain(): boolean {
    return 'sound' in this.#held && this.#held.sound.plain;
  }

  /** A reader will arrive: wakes a sleeping call, restarts the patience of a waiting one. If a reader is here, nothing changes. */
  begin({ language, state, readers = [] }: CallBeginning): void {
    const held = this.#held;
    if (held.status === 'waiting') this.#held = { ...held, since: this.parts.clock.now() };
    if (held.status === 'asleep') {
      this.#language = language ?? this.#language;
      this.#state ??= state;
      this.#due(undefined);
    }
    for (const reader of readers) this.readerCame(reader);
  }

  /**
   * Asterisk has named this call as the listener; undefined: another channel, or none. If nothing was rendered yet, it is opened
   * again; otherwise the music continues at the same sample.
   */
  heardBy(uniqueid: string | undefined): void {
    const before = this.#owner;
    if (uniqueid === before?.known.uniqueid) return;
    this.#owner = uniqueid === undefined ? undefined : this.#ownerOf(uniqueid);
    if (before) {
      before.close();
      this.#state &&= musicOf(this.#state);
    }
    const held = this.#held;
    if (held.status === 'waiting') {
      this.#leave(held.sound);
    } else if ('sound' in held) {
      held.sound.heardBy(this.#owner, this.#fresh);
      this.#fresh &&= !this.#owner;
      this.#telling.soon();
    }
  }

  /** Asterisk has started a reader for it; an earlier one has usually ended. */
  readerCame(reader: ReaderProcess): void {
    if (!this.#readers.add(reader)) return;
    const held = this.#held;
    if (held.status === 'waiting') this.#attach(held.sound);
    else if (held.status === 'playing') this.#gone(held.sound);
    else if (held.status === 'asleep' && held.again === undefined && !this.#ended) this.#due(undefined);
  }

  /** Prepares everything for a reader, and plays to one that is here. Retries what cannot be opened. */
  open(atMs: number): void {
    const held = this.#held;
    if (held.status !== 'due') return;
    try {
      const sound = this.#sound();
      this.#held = { status: 'waiting', sound, since: atMs };
      held.before?.close();
      this.#attach(sound);
    } catch (error) {
      const log = this.#owner?.log ?? this.parts.log;
      if (this.#failures === 0) log.error(errorFields(error), 'nothing can be played to this call');
      this.giveUp(atMs);
    }
  }

  /** @param atMs when the main thread heard of it, on the clock */
  hear(news: CallNews, atMs: number): void {
    if (this.#owner?.known.hear(news) !== true) return;
    const held = this.#held;
    if (!('sound' in held) || (held.status === 'waiting' && news.type === 'key')) return;
    this.#keyAtMs = atMs;
    held.sound.hear(news);
  }

  /**
   * Its turn: Frames are written.
   * @param count of times of a Frame, 40 ms; `atMs`: deadline of the tick
   */
  tick(count: number, atMs: number): void {
    this.#telling.at(count);
    const held = this.#held;
    if (held.status === 'asleep') {
      // Without `again` it is awaited that a reader comes.
      if (held.again !== undefined && atMs >= held.again && !this.#ended) this.#due(undefined);
    } else if (held.status === 'waiting' && atMs - held.since >= PATIENCE_MS) {
      held.sound.close();
      this.#held = { status: 'asleep' };
    } else if (held.status === 'playing') {
      this.#play(held.sound);
      this.#failures = 0;
    }
    if (this.#held.status === 'playing' && this.#telling.isDue) this.#tell(this.#held.sound);
  }

  /**
   * Uses other settings from now on.
   * @param patient whether an announcement may finish first
   * @returns false: not now
   */
  change(patient: boolean): boolean {
    const held = this.#held;
    if (held.status === 'playing') {
      if (patient && !held.sound.settled) return false;
      held.sound.change(this.#rules());
    } else if (held.status === 'waiting') this.#leave(held.sound);
    return true;
  }

  /**
   * The thread ends. The caller hears everything in the pipe, because fallback music follows it.
   * @returns the call's state then; undefined: it has none, or nothing is to be kept of it
   */
  drain(): CallState | undefined {
    const held = this.#held;
    if (held.status === 'playing') this.#state = held.sound.stateAt(this.#pipe.pendingSamples);
    this.close();
    return this.#keeps ? this.#state : undefined;
  }

  report(): CallStatus {
    const held = this.#held;
    const sound = 'sound' in held ? held.sound : undefined;
    const { heardSamples, ...heard } = sound?.status() ?? { heardSamples: this.#state?.heardSamples ?? 0 };
    const playing = held.status === 'playing';
    const unread = playing ? this.#pipe.unreadSamples() : 0;
    const { uniqueid, queue, place } = this.#owner?.known ?? {};
    const { rate } = this.parts.settings();
    return {
      ...(uniqueid !== undefined && { uniqueid }),
      status: sound?.plain ? 'plain' : playing ? 'playing' : 'waiting',
      ...(queue !== undefined && { queue }),
      ...(place && { position: place.position }),
      ...heard,
      heardMs: (Math.max(0, heardSamples - unread) * 1000) / rate,
      aheadMs: (unread * 1000) / rate,
      underruns: this.#pipe.underruns,
    };
  }

  /** Unexpected error: it starts again, at once if somebody hears it and this is the first time, otherwise a second later. */
  giveUp(atMs: number): void {
    const isFirst = this.#failures++ === 0;
    if (this.#held.status === 'playing') {
      this.#gone(this.#held.sound);
      if (isFirst) return;
    } else if (isFirst) this.#away();
    const held = this.#held;
    if (held.status !== 'due' && held.status !== 'waiting') return;
    this.#end({ status: 'asleep', again: atMs + AGAIN_MS });
  }

  close(): void {
    if (this.#held.status === 'over') return;
    this.#end({ status: 'over' });
    this.#owner?.close();
  }

  /** Nothing of it plays any more. */
  #end(next: Held): void {
    const held = this.#held;
    this.#held = next;
    this.#pipe.close();
    if (held.status === 'due') held.before?.close();
    if ('sound' in held) held.sound.close();
  }

  /** Whether its state is a call's that may need it. */
  get #keeps(): boolean {
    return this.#owner?.known.ended === false;
  }

  get #ended(): boolean {
    return this.#owner?.known.ended === true;
  }

  #due(before: CallSound | undefined): void {
    this.#held = { status: 'due', before };
    this.parts.onDue(this.token);
  }

  #rules(): CallRules {
    const settings = this.parts.settings();
    return settings.rules(this.parts.outside.bindings(settings.config, this.token));
  }

  #ownerOf(uniqueid: string): CallOwner {
    const language = (): string => this.#language ?? this.parts.settings().config.language;
    return new CallOwner(this.parts, { uniqueid, token: this.token, language });
  }

  #sound(): CallSound {
    const { clock, media, figures } = this.parts;
    const owner = this.#owner;
    const parts = {
      clock,
      media,
      log: () => this.#owner?.log ?? this.parts.log,
      random: this.#random,
      onKey: (action: string) => {
        this.#pipe.pressed(action, this.#keyAtMs);
        this.#telling.soon();
      },
      onMoment: () => this.#telling.soon(),
      onRescue: () => void figures.rescued++,
    };
    this.#fresh &&= !owner;
    return new CallSound(parts, this.#rules(), this.#state, owner);
  }

  /** Plays to the last reader that is still there. */
  #attach(sound: CallSound): void {
    const pipe = this.#readers.open(
      (reader) => this.parts.openPipe(reader),
      (error) => this.#owner?.log.debug(errorFields(error), 'the pipe of a reader cannot be opened'),
    );
    if (!pipe) return;
    this.#pipe.attach(pipe);
    this.#held = { status: 'playing', sound };
    this.parts.post({ type: 'reader', token: this.token, status: 'reading' });
    this.#owner?.log.debug({ pid: pipe.reader.pid }, 'a reader has arrived');
    this.#play(sound);
    this.#telling.began();
  }

  #play(sound: CallSound): void {
    const result = this.#pipe.play(sound);
    if (result === 'going') return;
    const { reader } = this.#pipe;
    if (result === 'stuck' && reader) {
      this.parts.onStuck(this.#owner?.known.uniqueid);
      endReader(reader);
    }
    this.#readers.remove(reader);
    this.#owner?.log.debug({ result }, 'the reader has gone');
    this.#gone(sound);
  }

  /** Its reader has ended, or another one has arrived. */
  #gone(sound: CallSound): void {
    this.#away();
    try {
      this.#state = sound.stateAt(this.#unheard()) ?? this.#state;
      if (this.#state && this.#keeps) this.parts.keep(this.token, this.#state, true);
    } finally {
      this.#leave(sound);
    }
  }

  #away(): void {
    this.parts.post({ type: 'reader', token: this.token, status: 'away' });
  }

  /** Nobody hears it; it is opened again for the next reader, if one may arrive. */
  #leave(sound: CallSound): void {
    this.#pipe.close();
    sound.end();
    if (!this.#ended) return this.#due(sound);
    sound.close();
    this.#held = { status: 'asleep' };
  }

  /** Samples rendered that the caller has not heard: unread, or read a moment ago. */
  #unheard(): number {
    const { rate } = this.parts.settings();
    return Math.min(samplesOf(MOST_UNREAD_MS, rate), this.#pipe.unreadSamples() + samplesOf(READ_MS, rate));
  }

  #tell(sound: CallSound): void {
    if (!this.#keeps) return;
    const state = sound.stateAt(this.#unheard());
    if (!state || this.parts.keep(this.token, state, false)) this.#telling.told();
  }
}
