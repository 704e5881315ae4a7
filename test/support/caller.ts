// A caller with a telephone: a Session over a real Program, a clock that goes on with what they hear, and the log.
// Tests of keys, places and operators' functions say what happens and look at what was heard.
import { memoryClip, type Clip } from '../../src/audio/source';
import { type KeyBinding, nextTrack, quiet, sayBalance, sayPosition } from '../../src/session/actions';
import { Journal } from '../../src/session/journal';
import { defaultPositionRules, type PositionRules, WAIT_RUNGS } from '../../src/session/positionWords';
import { Session, type Call } from '../../src/session/session';
import type { CallState } from '../../src/session/state';
import { ManualClock } from '../../src/util/clock';
import { createLogger, type LogFields, type Logger } from '../../src/util/log';
import { longNoise, noise } from './audio';
import { spoken, type FakeRecords, type FakeSpeech } from './fakeRecords';
import { planAfter, Rig, type ProgramPlan } from './program';

export interface Line {
  level: string;
  fields: LogFields;
  text: string;
}

export interface CallerPlan extends ProgramPlan {
  call?: Partial<Call>;
  keys?: Record<string, KeyBinding>;
  position?: Partial<PositionRules>;
  records?: FakeRecords;
  speech?: FakeSpeech;
  /** Default: false. */
  asksPin?: boolean;
  /** Languages that have prompts of their own; in the others the English ones are said. Default: all. */
  speaks?: readonly string[];
  /** Names of the prompts that there are, in English and in Russian. Default: all that the product uses. */
  prompts?: readonly string[];
  clock?: ManualClock;
  resume?: never;
  state?: CallState;
}

export const KEYS = { '2': sayBalance(), '3': nextTrack(), '4': sayPosition(), '0': quiet() };

export const PROMPTS = [
  ...Array.from({ length: 50 }, (_, i) => `position-${i + 1}`),
  ...['position-many', 'position-unknown', 'wait-longer', 'one-moment'],
  ...['balance-unavailable', 'balance-unknown-caller', 'number-not-registered'],
  ...['enter-pin', 'wrong-pin', 'pin-locked'],
  ...WAIT_RUNGS.map(({ prompt }) => prompt),
];

const CALLER: Call = {
  uniqueid: '1795225281.7',
  channel: 'PJSIP/alice-00000001',
  phone: '+442079460018',
  language: 'en',
  certain: true,
};

/** Half a second of noise, the same for the same name. */
function promptClip(id: string): Clip {
  const seed = [...id].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 100_000;
  return memoryClip(id, noise(seed, 0.2, 4000));
}

export class Caller {
  readonly rig: Rig;
  readonly clock: ManualClock;
  readonly session: Session;
  readonly lines: Line[] = [];
  readonly log: Logger;
  /** What can be said; tests add to it and take away. */
  readonly prompts = new Map<string, Clip>();
  /** What the host has opened by now; tests open them late. */
  records: FakeRecords | undefined;
  speech: FakeSpeech | undefined;

  constructor(private readonly plan: CallerPlan = {}) {
    const { state, position, keys = KEYS, clock = new ManualClock(), speaks = ['en', 'ru'] } = plan;
    this.clock = clock;
    this.records = plan.records;
    this.speech = plan.speech;
    const journal = new Journal(() => this.records, clock);
    this.rig = new Rig({
      onEvent: (event) => journal.hear(event),
      music: ['a', 'b', 'c', 'd', 'e'].map((id, i) => longNoise(id, i, 0.1)),
      ...plan,
      ...(state && planAfter(state)),
    });
    for (const language of ['en', 'ru'])
      for (const name of plan.prompts ?? PROMPTS) {
        const id = language === 'en' ? name : `${language}/${name}`;
        this.prompts.set(`${language}/${name}`, promptClip(id));
      }
    this.log = createLogger(
      (level, fields, text) => void this.lines.push({ level, fields, text }),
      clock.wall,
      'debug',
    );
    this.session = new Session({
      call: { ...CALLER, ...plan.call },
      program: this.rig.program,
      keys,
      position: { ...defaultPositionRules, ...position },
      asksPin: plan.asksPin ?? false,
      services: () => spoken(this.records, () => this.speech, this),
      speech: () => this.speech,
      journal,
      prompt: (name, language) => this.prompts.get(`${speaks.includes(language) ? language : 'en'}/${name}`),
      speaks: (language) => speaks.includes(language),
      find: (id) => (id.startsWith('prompts/') ? promptClip(id) : undefined),
      clock,
      log: this.log,
      resume: state,
    });
  }

  /** Both clocks go on: the caller hears `seconds`. */
  hear(seconds: number): Float32Array {
    const frames = Math.round(seconds * 25);
    const size = this.rig.samples(40);
    const out = new Float32Array(frames * size);
    for (let i = 0; i < frames; i++) {
      out.set(this.rig.render(0.04), i * size);
      this.clock.advance(40);
    }
    return out;
  }

  /** The same while what an operator wrote has its turns. */
  async live(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 25; i++) {
      this.rig.render(0.04);
      await turn();
      this.clock.advance(40);
      await turn();
    }
  }

  /** @param joinedMs when this wait in the queue began */
  moveTo(position: number, waitMinutes?: readonly [number, number], joinedMs?: number): void {
    const [least, most] = waitMinutes ?? [];
    this.session.hear({
      type: 'place',
      place: {
        queue: 'support',
        position,
        ...(joinedMs !== undefined && { joinedMs }),
        ...(least !== undefined && most !== undefined && { waitMs: [least * 60_000, most * 60_000] }),
      },
    });
  }

  /** The same call in another process, after the last `lostMs` were not heard and `downMs` went by. */
  respawn(lostMs = 160, downMs = 100, plan: CallerPlan = {}): Caller {
    const state = JSON.parse(JSON.stringify(this.session.stateAt(lostMs * 8))) as CallState;
    this.session.close();
    this.rig.program.close();
    this.clock.advance(downMs);
    return new Caller({ ...this.plan, clock: this.clock, ...plan, state });
  }

  /** What was said: the names of the prompts of each voice, in the order in which they began. */
  get said(): string[] {
    return this.rig
      .eventsOf('voice-start')
      .map(({ announcement }) => announcement.clips.map(({ id }) => id).join(' '));
  }

  /** When each voice began, milliseconds of the call. */
  get saidAt(): number[] {
    return this.rig.eventsOf('voice-start').map(({ atSample }) => this.rig.ms(atSample));
  }

  logged(level: string): Line[] {
    return this.lines.filter((line) => line.level === level);
  }
}

/** A promise that fails with anything at all. */
export async function rejected(reason: unknown): Promise<never> {
  await Promise.resolve();
  throw reason as Error;
}

/** Lets promises that are settled go on. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
