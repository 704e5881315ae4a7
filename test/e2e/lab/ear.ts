// Ear: a telephone at the other end of a call. Records what Asterisk sends by RTP, each packet with the moment it came,
// and presses keys by RFC 4733. Presses and sound are on one clock, so a delay is measured, not guessed.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeMulaw } from './g711';
import { EVENT_STEP_MS, EVENT_TYPE, keyPackets, parseRtp, type RtpSender } from './rtp';
import { sleep, until } from './wait';

export type Codec = 'slin' | 'ulaw';

export const RATE = 8000;
const PER_MS = RATE / 1000;
const PAYLOAD_ULAW = 0;
const RECEIVE_BUFFER = 4 << 20;

interface Arrival {
  /** `performance.now()`. */
  readonly atMs: number;
  /** Index of the packet's first sample in the recording. */
  readonly from: number;
}

/** One uninterrupted stretch of packets: no pause longer than the one asked for. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export class Ear {
  readonly #socket: Socket;
  readonly #chunks: Int16Array[] = [];
  readonly #arrivals: Arrival[] = [];
  readonly #sender: RtpSender = { source: 0x1234_5678, sequence: 1, timestamp: 160 };
  #peer: RemoteInfo | undefined;
  #sequence: number | undefined;
  /** Samples heard so far. */
  heard = 0;
  /** Packets that Asterisk sent and that did not arrive. */
  lostPackets = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, peer) => this.#take(bytes, peer));
  }

  static async open(): Promise<Ear> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Ear(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Everything heard so far, one packet after the other: a pause in the sound is no silence in it. */
  get samples(): Int16Array {
    const all = new Int16Array(this.heard);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** When a sample reached the ear, `performance.now()`: its packet's arrival, then 8 samples a millisecond. */
  heardAt(sample: number): number {
    const arrival = this.#arrivals.findLast(({ from }) => from <= sample);
    if (!arrival) throw new Error(`sample ${sample} of ${this.heard} was not heard`);
    return arrival.atMs + (sample - arrival.from) / PER_MS;
  }

  /** The first sample that arrived at `atMs` or later; what is heard in all when there is none. */
  sampleAt(atMs: number): number {
    return this.#arrivals.find((arrival) => arrival.atMs >= atMs)?.from ?? this.heard;
  }

  /** The longest time without a packet in [from, to) of the recording, milliseconds. */
  longestPauseMs(from = 0, to = this.heard): number {
    const arrivals = this.#arrivals.filter((arrival) => arrival.from >= from && arrival.from < to);
    return Math.max(0, ...arrivals.slice(1).map(({ atMs }, i) => atMs - arrivals[i]!.atMs));
  }

  /** The recording cut where nothing came for longer than `pauseMs`. */
  stretches(pauseMs: number): Stretch[] {
    const cuts = this.#arrivals.flatMap(({ atMs, from }, i) =>
      i > 0 && atMs - this.#arrivals[i - 1]!.atMs > pauseMs ? [from] : [],
    );
    const edges = [0, ...cuts, this.heard];
    return edges.slice(1).map((to, i) => ({ from: edges[i]!, to }));
  }

  /**
   * How far the sound is behind the pace of its first second, milliseconds, at each second of [fromMs, toMs) on the
   * clock of `performance.now()`. A reader that had to wait leaves a lasting step.
   */
  lagsMs(fromMs: number, toMs: number): number[] {
    const least = Array.from({ length: Math.max(0, Math.floor((toMs - fromMs) / 1000)) }, () => Infinity);
    for (const { atMs, from } of this.#arrivals) {
      const second = Math.floor((atMs - fromMs) / 1000);
      if (second in least) least[second] = Math.min(least[second]!, atMs - from / PER_MS);
    }
    return least.map((lag) => lag - (least[0] ?? 0));
  }

  /** When the first and the last packet came, `performance.now()`. */
  get heardFromTo(): readonly [fromMs: number, toMs: number] {
    return [this.#arrivals[0]?.atMs ?? NaN, this.#arrivals.at(-1)?.atMs ?? NaN];
  }

  /** Resolves when `ms` more of sound were heard. */
  async hear(ms: number, limitMs = ms + 15_000): Promise<void> {
    const goal = this.heard + ms * PER_MS;
    await until(
      () => `${ms} ms of sound (${this.heard - goal} samples left)`,
      () => this.heard >= goal,
      limitMs,
    );
  }

  /** Resolves when nothing has come for `ms`. */
  async silence(ms: number, limitMs = 15_000): Promise<void> {
    const quiet = (): boolean => performance.now() - (this.#arrivals.at(-1)?.atMs ?? 0) >= ms;
    await until(() => `${ms} ms without a packet`, quiet, limitMs);
  }

  /** Presses a key for `pressMs`; @returns when the first packet left, `performance.now()` */
  press(digit: string, pressMs = 120): number {
    const peer = this.#peer;
    if (!peer) throw new Error('nothing was heard yet, so there is nobody to press a key for');
    const packets = keyPackets(digit, pressMs, this.#sender);
    const pressedAt = performance.now();
    this.#send(packets, peer);
    return pressedAt;
  }

  close(): void {
    this.#socket.close();
  }

  #send([packet, ...rest]: Buffer[], peer: RemoteInfo): void {
    if (!packet) return;
    this.#socket.send(packet, peer.port, peer.address);
    void sleep(EVENT_STEP_MS)
      .then(() => this.#send(rest, peer))
      .catch(() => {}); // the ear was closed meanwhile
  }

  #take(bytes: Buffer, peer: RemoteInfo): void {
    const atMs = performance.now();
    const packet = parseRtp(bytes);
    if (!packet || packet.payloadType === EVENT_TYPE || packet.payload.length === 0) return;
    if (this.#sequence !== undefined) this.lostPackets += (packet.sequence - this.#sequence - 1) & 0xffff;
    this.#sequence = packet.sequence;
    this.#peer = peer;
    const samples =
      packet.payloadType === PAYLOAD_ULAW ? decodeMulaw(packet.payload) : bigEndian(packet.payload);
    this.#arrivals.push({ atMs, from: this.heard });
    this.#chunks.push(samples);
    this.heard += samples.length;
  }
}

/** Signed linear as RTP carries it (L16). */
function bigEndian(bytes: Buffer): Int16Array {
  const swapped = Buffer.from(bytes).swap16();
  return new Int16Array(swapped.buffer, swapped.byteOffset, swapped.length >> 1).slice();
}
