// Entry of a mixing thread: Mixer and its media on one side, the main thread on the other.
// Nothing slow is imported here, and nothing ends the thread but the main thread: callers hear what it mixes.
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import { seededRandom } from '../../util/random';
import { Seldom } from '../seldom';
import type { FromMixer, ToMixer } from './messages';
import { Mixer } from './mixer';
import { Outside } from './outside';
import { PagedMedia } from './pagedMedia';
import { ThreadLog } from './threadLog';

/** Before there is a config. */
const LANGUAGE = 'en';
/** What fails in each tick is said once in so long, milliseconds. */
const SAY_MS = 10_000;

function main(): void {
  const port = parentPort!;
  const clock = systemClock();
  const post = (message: FromMixer): void => port.postMessage(message);
  const log = new ThreadLog(post, clock);
  survive(log, new Seldom(clock, SAY_MS));
  let language = LANGUAGE;
  const media = new PagedMedia({
    wanted: (key, index) => post({ type: 'wanted', key, index }),
    fallbackLanguage: () => language,
  });
  const outside = new Outside({ post, clock });
  const mixer = new Mixer({ clock, log: log.logger, media, outside, post, random: seededRandom });
  port.on('message', (message: ToMixer) => {
    switch (message.type) {
      case 'page':
        return media.put(message.page);
      case 'catalog':
        return media.setCatalog(message.clips);
      case 'answer':
      case 'deed':
        return outside.hear(message);
      case 'config':
        language = message.config.language;
        log.level = message.config.log.level;
        outside.configure(message.config);
    }
    mixer.handle(message);
  });
  post({ type: 'ready' });
}

function survive({ logger }: ThreadLog, seldom: Seldom): void {
  const told = (error: unknown): void =>
    seldom.say((times) => logger.error({ times, ...errorFields(error) }, 'unexpected; the thread goes on'));
  process.on('uncaughtException', told);
  process.on('unhandledRejection', told);
  process.exit = refuseToExit;
}

function refuseToExit(): never {
  throw new Error('process.exit() has no effect in a mixing thread: only the main thread ends it');
}

main();
