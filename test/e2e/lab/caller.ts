// Caller: a telephone that has dialled a queue and waits, with the Ear that records what it hears.
// It sends no sound, as one who listens; by default it takes signed linear, so that every sample can be compared.
import type { Manager, Seen } from './ami';
import { Ear, type Codec } from './ear';
import { SipCall } from './sip';

export interface CallerOptions {
  readonly queue: string;
  /** The caller's number: one that no other call has at the time. */
  readonly phone: string;
  /** Default slin: what is heard is what the product wrote. */
  readonly codec?: Codec;
  /** What Asterisk has as the channel's language. Default its own, English. */
  readonly language?: 'ru';
  /** All channels that are made for them inherit their class. */
  readonly shared?: boolean;
  /** They do not tell their number, and nobody else joins this queue meanwhile. */
  readonly withheld?: boolean;
}

export class Caller {
  private constructor(
    private readonly manager: Manager,
    private readonly call: SipCall,
    readonly ear: Ear,
    readonly phone: string,
    private readonly joined: Seen,
  ) {}

  /** "PJSIP/phone-00000001". */
  get channel(): string {
    return this.joined.event['Channel']!;
  }

  get uniqueid(): string {
    return this.joined.event['Uniqueid']!;
  }

  /** From their joining the queue to the first sound, milliseconds. */
  get firstSoundMs(): number {
    return this.ear.heardFromTo[0] - this.joined.atMs;
  }

  /** Resolves when the call waits in its queue. */
  static async dial(manager: Manager, sipPort: number, options: CallerOptions): Promise<Caller> {
    const { queue, phone, codec = 'slin', language, shared, withheld = false } = options;
    const ear = await Ear.open();
    const seen = manager.events.length;
    const extension = `${shared ? 'shared-' : ''}${language ? `${language}-` : ''}queue-${queue}`;
    const call = await SipCall.dial({ port: sipPort, extension, phone, codec, withheld, rtpPort: ear.port });
    const who = withheld ? { Queue: queue } : { CallerIDNum: phone };
    const joined = await manager.event({ Event: 'QueueCallerJoin', ...who }, 15_000, seen);
    return new Caller(manager, call, ear, phone, joined);
  }

  /** Presses a key as a telephone does; @returns when it was pressed, `performance.now()` */
  press(digit: string): number {
    return this.ear.press(digit);
  }

  /** Whether the call is still up. */
  get up(): boolean {
    return !this.call.over;
  }

  /** Hangs up; resolves when the channel is gone. */
  async hangUp(): Promise<void> {
    this.call.hangUp();
    await this.manager.event({ Event: 'Hangup', Uniqueid: this.uniqueid });
  }

  close(): void {
    this.call.close();
    this.ear.close();
  }
}
