// Session: turns what happens to one call (a key, a new place in the queue) into calls on its Program.
// It is the same object in a process of its own, in the hub and offline; it knows time only through its clock, whose
// timers it owns until it is closed.
import type { CallIdentity, CallNews, QueuePlace } from '../asterisk/callNews';
import type { Clip } from '../audio/source';
import type { Program } from '../program/program';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { actionName, type BuiltinAction, type KeyBinding, type KeySession } from './actions';
import { Balance } from './balance';
import type { Call } from './knownCall';
import type { CallServices } from './callServices';
import { Choice } from './choice';
import type { Journal } from './journal';
import { KeyFunctions } from './keyFunction';
import { KeyPad, type KeyBindings } from './keys';
import type { PositionRules } from './positionWords';
import { PositionAnnouncer } from './positionAnnouncer';
import { Prompts, Replies } from './replies';
import type { Speech } from './speech';
import { keptIds, type CallState } from './state';

export type { Call } from './knownCall';

export interface SessionParts {
  call: Call;
  program: Program;
  keys: KeyBindings;
  position: PositionRules;
  /** Billing asks for a PIN before it tells a balance. */
  asksPin: boolean;
  /** What is asked of the operator's systems for this call; undefined: nothing, or not yet. Its owner closes it. */
  services(): CallServices | undefined;
  /** Who says places that are not recorded; undefined: nobody, or not yet. */
  speech(): Pick<Speech, 'position'> | undefined;
  journal: Journal;
  /** A recorded prompt by name ("position-3") in a language, or in the one that stands in for it; undefined: none. */
  prompt(name: string, language: string): Clip | undefined;
  /** Whether there are prompts in a language itself. */
  speaks(language: string): boolean;
  /** Any file of the media folder by its id ("prompts/en/opening-hours.wav"); undefined when there is none that can be played. */
  find(id: string): Clip | undefined;
  clock: Clock;
  log: Logger;
  /** Told of each key that does something, by its action's name. */
  onKey?: ((action: string) => void) | undefined;
  /** What an earlier process of this call has left. */
  resume?: Pick<CallState, 'told' | 'pressed' | 'choosing' | 'keying'> | undefined;
}

export class Session {
  #call: Call;
  readonly #keyPad: KeyPad;
  readonly #replies: Replies;
  readonly #positions: PositionAnnouncer;
  readonly #balance: Balance;
  readonly #functions: KeyFunctions;
  readonly #choice: Choice;
  /** Nothing of this call goes on but its music. */
  #closed = false;

  constructor(private readonly parts: SessionParts) {
    const { program, clock, log, resume } = parts;
    this.#call = parts.call;
    const prompts = new Prompts(
      (name) => parts.prompt(name, this.#call.language),
      log,
      () => parts.speaks(this.#call.language),
    );
    const shared = { ...parts, prompts, call: () => this.#call };
    this.#keyPad = new KeyPad(parts.keys, clock, resume?.pressed);
    this.#replies = new Replies(program);
    this.#positions = new PositionAnnouncer({
      ...shared,
      rules: parts.position,
      language: () => this.#call.language,
      confirm: () => parts.services()?.confirmPlace?.(),
      told: resume?.told,
    });
    this.#balance = new Balance({ ...shared, interrupted: resume?.keying === true });
    this.#choice = new Choice({ ...shared, resumed: resume !== undefined, pending: resume?.choosing });
    this.#functions = new KeyFunctions({
      ...shared,
      nextTrack: () => this.#nextTrack(),
      call: () => certainPart(this.#call),
      queue: () => queueOf(this.#positions.place),
    });
  }

  get call(): Call {
    return this.#call;
  }

  /** Something that may take its time is at work: a host that renders faster than real time lets it have its turn. */
  get busy(): boolean {
    return this.#functions.busy || this.#balance.busy || this.#positions.busy;
  }

  /** The caller keys in a PIN, or may do so already or still: what is pressed is nobody's business. */
  get takesPin(): boolean {
    return this.#balance.takesKeys;
  }

  /**
   * What happens to the call, as its host is told. The host has decided already what this call may be told (KnownCall).
   * - a key press: unbound keys, presses within a key's hold-off and while its function still runs do nothing; where the
   *   caller may be keying in a PIN, each is a part of that and nothing else;
   * - the caller's place in the queue, or that they are in none or it is not known;
   * - who the channel is, as Asterisk says: what is said and chosen from now on is in the language told. A number that is not
   *   known any more is absent: nothing of the last caller's is said to the new one;
   * - the end: a listener who remains is somebody else. Nothing of this call is said to them, not even to its end, and nothing of
   *   theirs is taken for this caller's. The music goes on.
   */
  hear(news: CallNews): void {
    switch (news.type) {
      case 'identity':
        return this.#identify(news.identity);
      case 'key':
        return this.#press(news.digit);
      case 'place':
        if (!this.#closed) this.#positions.moveTo(news.place);
        return;
      case 'ended':
        this.close();
        this.parts.program.hushed = false;
    }
  }

  /** Services or speech are there now: what has waited for them goes on. May be called again. */
  opened(): void {
    if (this.#closed) return;
    this.parts.journal.flush();
    this.#positions.refresh();
    this.#choice.recall();
  }

  /**
   * The call as far as the caller has heard it.
   * @param samplesAgo samples that were rendered and have not reached the caller, at most half a second
   */
  stateAt(samplesAgo: number): CallState {
    const { program } = this.parts;
    const { rate } = program.settings;
    const { heard, cut = [], bag, ...rest } = program.stateAt(samplesAgo);
    const told = this.#positions.toldAt(samplesAgo);
    const choosing = this.#choice.pending;
    return {
      version: 1,
      rate,
      ...rest,
      heard: keptIds(heard),
      ...(cut.length > 0 && { cut: keptIds(cut) }),
      bag: keptIds(bag),
      ...(told && { told }),
      pressed: this.#keyPad.timesAt((samplesAgo * 1000) / rate, ({ action }) =>
        action === 'sayBalance' ? this.#balance.isPendingAt(samplesAgo) : false,
      ),
      ...(choosing !== undefined && { choosing }),
      ...(this.takesPin && { keying: true as const }),
    };
  }

  /** Nothing is said or done from now on; what is at work is aborted. May be called again. */
  close(): void {
    this.parts.journal.close(this.parts.program.atSample);
    this.#closed = true;
    this.#choice.close();
    this.#positions.close();
    this.#balance.close();
    this.#functions.end();
  }

  #press(digit: string): void {
    if (this.#closed) return;
    if (this.takesPin) return this.#balance.key(digit);
    const binding = this.#keyPad.binding(digit);
    if (!binding || this.#isBusyWith(digit, binding)) return;
    if (!this.#keyPad.take(digit)) {
      if (binding.action === 'sayBalance') this.#balance.heldOff();
      return;
    }
    const action = actionName(binding);
    this.parts.log.info({ action }, 'key');
    this.parts.journal.remember({ type: 'key', digit, action });
    this.parts.onKey?.(action);
    this.parts.program.acknowledge();
    this.#act(digit, binding);
  }

  #identify({ language = this.#call.language, ...identity }: CallIdentity): void {
    const { uniqueid, certain } = this.#call;
    if (uniqueid !== undefined && uniqueid !== identity.uniqueid) {
      this.parts.log.warn({ told: identity.uniqueid }, 'an identity of another call is ignored');
      return;
    }
    const { phone } = this.#call;
    this.#call = { ...identity, language, ...(certain !== undefined && { certain }) };
    if (this.#closed) return;
    this.parts.journal.identified();
    if (phone !== undefined && phone !== identity.phone) this.#mayBeAnother();
    this.#balance.identified();
    this.#positions.refresh();
    this.#choice.recall();
  }

  /** What is at work for the last caller's number may be personal. */
  #mayBeAnother(): void {
    this.#functions.end();
    this.#choice.drop();
  }

  #isBusyWith(digit: string, { action }: KeyBinding): boolean {
    return action === 'sayBalance' ? this.#balance.busy : this.#functions.runs(digit);
  }

  #act(digit: string, binding: KeyBinding): void {
    const { action, timeoutMs } = binding;
    if (typeof action === 'function')
      return this.#functions.run({ digit, action, timeoutMs, reply: this.#replies.next() });
    const actions: Record<BuiltinAction, () => void> = {
      nextTrack: () => this.#chooseNext(),
      quiet: () => this.#toggleQuiet(binding),
      sayPosition: () => this.#positions.answer(this.#replies.next()),
      sayBalance: () => this.#balance.answer(this.#replies.next(), () => this.#keyPad.release(digit)),
    };
    actions[action]();
  }

  /** A caller who asks for another track wants to hear it. */
  #nextTrack(): void {
    this.#choice.forget();
    this.parts.program.nextTrack();
    this.parts.program.hushed = false;
  }

  /** A track brought by the caller's key is their choice; one brought by an operator's function is not. */
  #chooseNext(): void {
    const { program } = this.parts;
    const before = program.position?.trackId;
    this.#nextTrack();
    const track = program.position?.trackId;
    if (track !== undefined && track !== before) this.#choice.keep(track);
  }

  #toggleQuiet({ music = false }: KeyBinding): void {
    const { program } = this.parts;
    const quiet = !(program.quiet || program.hushed);
    program.quiet = quiet;
    program.hushed = quiet && music;
  }
}

/** What an operator's function may know of the call: nothing that may be another caller's. */
function certainPart({ uniqueid, channel, phone, language, certain }: Call): KeySession['call'] {
  return certain ? { uniqueid, channel, phone, language } : { language };
}

function queueOf(place: QueuePlace | undefined): KeySession['queue'] {
  return place && { name: place.queue, position: place.position };
}
