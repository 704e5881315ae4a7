// Entry of a mixing thread: Mixer and its media on one side, the main thread on the other.
// Nothing slow is imported here, and nothing ends the thread but the main thread: callers hear what it mixes.
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { PagedMedia } from '../pcm/pagedMedia';
import { systemClock } from '../util/clock';
import { errorFields } from '../util/errors';
import { seededRandom } from '../util/random';
import { threadCpuMs } from '../util/threadCpu';
import { LogThrottle } from '../util/logThrottle';
import { GcPauses } from './callFigures';
import type { FromMixer, ToMixer } from './messages';
import { Mixer } from './mixer';
import { MixerRpcClient } from './mixerRpcClient';
import { isRpc } from '../util/rpc';
import { ThreadLog } from './threadLog';

/** What fails in each tick is said once in so long, milliseconds. */
const SAY_MS = 10_000;

function main(): void {
  const port = parentPort!;
  const clock = systemClock();
  const post = (message: FromMixer): void => port.postMessage(message);
  const log = new ThreadLog(post, clock);
  const told = survive(log, new LogThrottle(clock, SAY_MS));
  const media = new PagedMedia((key, index) => post({ type: 'wanted', key, index }));
  const outside = new MixerRpcClient({ post, mixer: () => mixer, clock });
  const hear = (message: ToMixer): void => {
    if (isRpc(message)) return outside.hear(message);
    if (message.type === 'config') {
      log.level = message.config.log.level;
      outside.configure(message.config);
    }
    mixer.handle(message);
  };
  const hearMeanwhile = (): void => {
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
      try {
        hear(next.message as ToMixer);
      } catch (error) {
        told(error); // the tick goes on
      }
  };
  const pauses = new GcPauses();
  const given = { clock, log: log.logger, media, outside, post, random: seededRandom };
  const mixer: Mixer = new Mixer({
    ...given,
    hearMeanwhile,
    cpuMs: threadCpuMs,
    takeGcPauses: () => pauses.take(),
  });
  port.on('message', hear);
  post({ type: 'ready' });
}

/** @returns what tells of an error */
function survive({ logger }: ThreadLog, throttle: LogThrottle): (error: unknown) => void {
  const told = (error: unknown): void =>
    throttle.say((times) =>
      logger.error({ times, ...errorFields(error) }, 'unexpected error; the thread continues'),
    );
  process.on('uncaughtException', told);
  process.on('unhandledRejection', told);
  process.exit = refuseToExit;
  return told;
}

function refuseToExit(): never {
  throw new Error('process.exit() has no effect in a mixing thread: only the main thread ends it');
}

main();
