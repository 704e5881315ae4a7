// An AMI link in memory, and behind it an Asterisk with channels and queues that does what a test tells it.
// As in the real one, an answer may overtake the events of what it already shows, and a lost link loses events.
import type { AmiEvent } from '../../src/asterisk/events';
import type { AmiAction, AmiListener, AmiPort } from '../../src/asterisk/link';
import { AmiMessage } from '../../src/asterisk/message';
import type { Cancel } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';

const messageOf = (lines: readonly string[]): AmiMessage => new AmiMessage(lines, 0);

export const message = (headers: Readonly<Record<string, string>>): AmiMessage =>
  messageOf(Object.entries(headers).map(([name, value]) => `${name}: ${value}`));

export const noSuchChannel = (): HoldcastError =>
  new HoldcastError('HC_AMI_ERROR', 'Asterisk refuses Status: No such channel');
const lost = (): HoldcastError => new HoldcastError('HC_AMI_LOST', 'the connection was lost');

interface Pending {
  readonly action: AmiAction;
  readonly resolve: (messages: AmiMessage[]) => void;
  readonly reject: (error: unknown) => void;
  /** What Asterisk saw when it looked; undefined: it has not looked yet. */
  seen?: () => AmiMessage[];
}

/** The events of the list that `action` asks for; throws what Asterisk refuses. */
export type Answer = (action: AmiAction) => AmiMessage[];

export class FakeAmi implements AmiPort {
  connected = false;
  closed = false;
  /** Every action, in order. */
  readonly asked: AmiAction[] = [];
  /** While set, answers wait for `look` and `give`. */
  holding = false;
  readonly #listeners = new Set<AmiListener>();
  /** Those who know of the link: as with the real one, nobody hears events before `connected`. */
  readonly #told = new Set<AmiListener>();
  #pending: Pending[] = [];

  constructor(public answer: Answer = () => []) {}

  /** What was asked for by this action's name, with one of its headers: `asks('QueueStatus', 'Queue')`. */
  asks(name: string, header: string): string[] {
    return this.asked.filter(({ Action }) => Action === name).map((action) => action[header] ?? '');
  }

  async request(action: AmiAction): Promise<AmiMessage> {
    return (await this.list(action))[0] ?? message({ Response: 'Success' });
  }

  list(action: AmiAction): Promise<AmiMessage[]> {
    this.asked.push(action);
    if (!this.connected) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      this.#pending.push({ action, resolve, reject });
      if (!this.holding) this.look().give();
    });
  }

  listen(listener: AmiListener): Cancel {
    this.#listeners.add(listener);
    queueMicrotask(() => this.#tell(listener));
    return () => {
      this.#listeners.delete(listener);
      this.#told.delete(listener);
    };
  }

  /** Asterisk looks, for every action that waits: what happens from now on is not in the answer. */
  look(): this {
    for (const pending of this.#pending) pending.seen ??= outcome(() => this.answer(pending.action));
    return this;
  }

  /** The answers arrive, of what was looked at. */
  give(): void {
    const ready = this.#pending.filter(({ seen }) => seen);
    this.#pending = this.#pending.filter(({ seen }) => !seen);
    for (const { seen, resolve, reject } of ready) {
      try {
        resolve(seen!());
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Actions without an answer. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Every action that waits fails so. */
  fail(error: unknown): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }

  connect(): void {
    this.connected = true;
    for (const listener of [...this.#listeners]) this.#tell(listener);
  }

  lose(why = 'the test says so'): void {
    if (!this.connected) return;
    this.connected = false;
    this.fail(lost());
    const told = [...this.#told];
    this.#told.clear();
    for (const listener of told) listener.disconnected?.(why);
  }

  emit(event: AmiEvent): void {
    for (const listener of [...this.#told]) listener.event?.(event);
  }

  #tell(listener: AmiListener): void {
    if (!this.connected || this.#told.has(listener) || !this.#listeners.has(listener)) return;
    this.#told.add(listener);
    listener.connected?.();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  close(): void {
    this.closed = true;
    this.lose('closed');
  }
}

function outcome(look: () => AmiMessage[]): () => AmiMessage[] {
  try {
    const messages = look();
    return () => messages;
  } catch (error) {
    return () => {
      throw error as Error;
    };
  }
}

/** Lets everything that only waits for microtasks happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

interface FakeChannel {
  readonly uniqueid: string;
  channel: string;
  phone: string | undefined;
  /** Whether the number may be shown: 'prohib_passed_screen', 'unavailable'. */
  presentation: string;
  /** What FreePBX keeps in CALLINGNUMPRES_SV. */
  keptPresentation: string | undefined;
  /** When it joined its queue, by `FakeAsterisk.wall`, milliseconds. */
  joinedMs: number;
  readonly language: string;
  /** Name and priority of the queue whose application it is in, waiting or with an agent. */
  queue: { readonly name: string; readonly priority: number } | undefined;
}

export class FakeAsterisk {
  readonly ami = new FakeAmi((action) => this.#answer(action));
  /** While set, events wait for `flow`. */
  holding = false;
  /** Wall time, milliseconds: that of the test's clock. Absent: it does not say how long callers wait. */
  wall: (() => number) | undefined;
  readonly #channels = new Map<string, FakeChannel>();
  readonly #queues = new Map<string, FakeChannel[]>();
  #held: AmiEvent[] = [];

  /** A channel comes up. */
  call(
    uniqueid: string,
    {
      phone,
      presentation = 'allowed_not_screened',
      keptPresentation,
      language = 'en',
    }: { phone?: string; presentation?: string; keptPresentation?: string; language?: string } = {},
  ): void {
    const channel = `PJSIP/trunk-${uniqueid}`;
    const shown = { phone, presentation, keptPresentation };
    const call = { uniqueid, channel, ...shown, joinedMs: 0, language, queue: undefined };
    this.#channels.set(uniqueid, call);
  }

  /** `Set(CALLERID(num)=…)`, a re-INVITE with another P-Asserted-Identity, or another name. */
  setNumber(uniqueid: string, phone: string | undefined): void {
    const call = this.#channels.get(uniqueid)!;
    call.phone = phone;
    this.#happen({ type: 'caller-changed', ...this.#who(call) });
  }

  /** `Set(CALLERID(num-pres)=…)`: no event tells. */
  setPresentation(uniqueid: string, presentation: string): void {
    this.#channels.get(uniqueid)!.presentation = presentation;
  }

  /** `QueueChangePriorityCaller` with `Immediate: yes`: the caller stands there now, and no event tells. */
  moveTo(uniqueid: string, position: number): void {
    const { name } = this.#channels.get(uniqueid)!.queue!;
    const others = this.#queues.get(name)!.filter((other) => other.uniqueid !== uniqueid);
    this.#queues.set(name, others.toSpliced(position - 1, 0, this.#channels.get(uniqueid)!));
  }

  /** AMI `Park` or `Bridge` of a waiting caller: the music stops, and nothing tells that they have left. */
  take(uniqueid: string): void {
    const call = this.#channels.get(uniqueid)!;
    const { name } = call.queue!;
    this.#queues.set(
      name,
      this.#queues.get(name)!.filter((other) => other !== call),
    );
    call.queue = undefined;
    this.#happen({ type: 'moh-stop', ...this.#who(call) });
  }

  /** It calls Queue(); a greater priority stands before a smaller one. A channel that is not there comes up. */
  join(uniqueid: string, queue: string, priority = 0): void {
    if (!this.#channels.has(uniqueid)) this.call(uniqueid);
    const call = this.#channels.get(uniqueid)!;
    call.queue = { name: queue, priority };
    call.joinedMs = this.wall?.() ?? 0;
    const line = this.#queues.get(queue) ?? [];
    const before = line.findIndex((other) => other.queue!.priority < priority);
    const at = before < 0 ? line.length : before;
    this.#queues.set(queue, line.toSpliced(at, 0, call));
    const who = this.#who(call);
    this.#happen({ type: 'queue-join', queue, position: at + 1, ...who });
    this.#happen({ type: 'moh-start', class: `hold-${uniqueid}`, ...who });
  }

  /** It leaves the queue and goes on in the dialplan. */
  leave(uniqueid: string): void {
    this.#leave(uniqueid);
    this.#channels.get(uniqueid)!.queue = undefined;
  }

  /** The caller hangs up while they wait. */
  abandon(uniqueid: string, holdMs = 1000): void {
    const queue = this.#channels.get(uniqueid)!.queue!.name;
    this.#happen({ type: 'queue-abandon', queue, uniqueid, holdMs });
    this.#leave(uniqueid);
    this.hangup(uniqueid);
  }

  /** An agent takes the call: it stays in the application Queue. */
  answer(uniqueid: string, holdMs = 1000): void {
    const call = this.#channels.get(uniqueid)!;
    this.#happen({ type: 'moh-stop', ...this.#who(call) });
    this.#leave(uniqueid);
    this.#happen({ type: 'queue-connect', queue: call.queue!.name, uniqueid, holdMs });
  }

  hangup(uniqueid: string): void {
    const { channel } = this.#channels.get(uniqueid)!;
    if (this.#waiting(uniqueid)) this.#leave(uniqueid);
    this.#channels.delete(uniqueid);
    this.#happen({ type: 'hangup', uniqueid, channel });
  }

  rename(uniqueid: string, channel: string): void {
    this.#channels.get(uniqueid)!.channel = channel;
    this.#happen({ type: 'renamed', uniqueid, channel });
  }

  keyDown(uniqueid: string, digit: string, received = true): void {
    this.#key('key-down', uniqueid, digit, received);
  }

  keyUp(uniqueid: string, digit: string, received = true): void {
    this.#key('key-up', uniqueid, digit, received);
  }

  press(uniqueid: string, digit: string): void {
    this.keyDown(uniqueid, digit);
    this.keyUp(uniqueid, digit);
  }

  /** The link goes; what happens until `restore` is not told. */
  lose(): void {
    this.ami.lose();
    this.#held = [];
  }

  restore(): void {
    this.ami.connect();
  }

  /** `core restart now`: the link goes, and every channel. */
  restart(): void {
    this.lose();
    this.#channels.clear();
    this.#queues.clear();
  }

  /** Who waits, in order. */
  waiting(queue: string): string[] {
    return (this.#queues.get(queue) ?? []).map(({ uniqueid }) => uniqueid);
  }

  /** Of every channel that there is. */
  get uniqueids(): string[] {
    return [...this.#channels.keys()];
  }

  /** The queue whose application a call is in, waiting or with an agent. */
  applicationOf(uniqueid: string): string | undefined {
    return this.#channels.get(uniqueid)?.queue?.name;
  }

  /** The first `count` events that wait are told. */
  flow(count = Infinity): void {
    for (const event of this.#held.splice(0, count)) this.ami.emit(event);
  }

  /** The first `count` events that wait are never told. */
  drop(count: number): void {
    this.#held.splice(0, count);
  }

  #key(type: 'key-down' | 'key-up', uniqueid: string, digit: string, received: boolean): void {
    const { channel } = this.#channels.get(uniqueid)!;
    this.#happen({ type, uniqueid, channel, digit, received });
  }

  #waiting(uniqueid: string): boolean {
    const queue = this.#channels.get(uniqueid)?.queue?.name;
    return queue !== undefined && this.waiting(queue).includes(uniqueid);
  }

  #leave(uniqueid: string): void {
    const queue = this.#channels.get(uniqueid)!.queue!.name;
    const line = this.#queues.get(queue)!;
    const at = line.findIndex((other) => other.uniqueid === uniqueid);
    this.#queues.set(queue, line.toSpliced(at, 1));
    this.#happen({ type: 'queue-leave', queue, uniqueid, position: at + 1 });
  }

  #happen(event: AmiEvent): void {
    if (this.holding) this.#held.push(event);
    else this.ami.emit(event);
  }

  #who({ uniqueid, channel, phone, language }: FakeChannel) {
    return { uniqueid, channel, language, ...(phone !== undefined && { number: phone }) };
  }

  #answer(action: AmiAction): AmiMessage[] {
    switch (action.Action) {
      case 'Status':
        return [this.#status(action['Channel'] ?? '', action['Variables'])];
      case 'QueueStatus':
        return this.#queueStatus(action['Queue'] ?? '');
      case 'CoreShowChannels':
        return [...this.#channels.keys()].map((Uniqueid) => message({ Event: 'CoreShowChannel', Uniqueid }));
      default:
        throw new HoldcastError('HC_AMI_ERROR', 'Invalid/unknown command');
    }
  }

  #status(uniqueid: string, variables = ''): AmiMessage {
    const call = this.#channels.get(uniqueid);
    if (!call) throw noSuchChannel();
    const known: Record<string, string | undefined> = {
      'CALLERID(num-pres)': call.presentation,
      CALLINGNUMPRES_SV: call.keptPresentation,
    };
    return messageOf([
      'Event: Status',
      `Channel: ${call.channel}`,
      `CallerIDNum: ${call.phone ?? '<unknown>'}`,
      ...variables.split(',').map((name) => `Variable: ${name}=${known[name] ?? '(null)'}`),
      `Language: ${call.language}`,
      `Uniqueid: ${uniqueid}`,
      `Application: ${call.queue ? 'Queue' : 'Wait'}`,
      `Data: ${call.queue ? `${call.queue.name},c` : '600'}`,
    ]);
  }

  #queueStatus(asked: string): AmiMessage[] {
    const name = [...this.#queues.keys()].find((queue) => queue.toLowerCase() === asked.toLowerCase());
    if (name === undefined) return [];
    const entries = this.#queues.get(name)!.map(({ uniqueid, channel, joinedMs, phone = 'unknown' }, i) =>
      message({
        Event: 'QueueEntry',
        Queue: name,
        Position: `${i + 1}`,
        Channel: channel,
        Uniqueid: uniqueid,
        CallerIDNum: phone,
        // As app_queue has it: whole seconds by the clock on the wall.
        ...(this.wall && { Wait: `${Math.floor(this.wall() / 1000) - Math.floor(joinedMs / 1000)}` }),
      }),
    );
    return [message({ Event: 'QueueParams', Queue: name, Calls: `${entries.length}` }), ...entries];
  }
}
