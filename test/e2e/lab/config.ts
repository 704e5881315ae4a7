// What the lab's config.ts says, as its text: the product is configured as an operator does it.
// Balances are a function of the number, so that a balance in the wrong ear is known at once.
import { PRODUCT } from './asteriskFiles';
import type { Lab } from './lab';
import { PLAY, type Play } from './play';
import { balanceText } from './speech';

export interface ConfigText {
  /** AMI port; default Asterisk's own, another for a proxy in between. */
  readonly amiPort?: number;
  /** Whether places are told by themselves. Default false: then only keys make voices. */
  readonly places?: boolean;
  /** Default: as the whole suite plays. */
  readonly play?: Play;
  /** More of `hub`, as it stands. */
  readonly hub?: string;
  /** `billing` as it stands in the config. Default: as many dollars as the caller's number. */
  readonly billing?: string;
  /** More of the config, as it stands. */
  readonly more?: string;
}

const OWN_NUMBER = '{ ask: ({ phone }) => [{ number: phone, balance: phone }] }';

/** With the hub's addresses, keys without long hold-offs, and a balance for each number. */
export function configText(lab: Lab, given: ConfigText = {}): string {
  const { amiPort, places = false, play = PLAY, hub = '', billing = OWN_NUMBER, more = '' } = given;
  const { manager, realtime } = lab.ports;
  const ami = {
    port: amiPort ?? manager,
    user: PRODUCT.user,
    secret: PRODUCT.secret,
    pingMs: 2000,
    connectMs: 2000,
  };
  return `ami: ${JSON.stringify(ami)},
  hub: { listen: '127.0.0.1:${realtime}', play: '${play}', observe: false, ${hub} },
  calls: { everyMs: 1000 },
  position: { announce: ${places}, gapMs: 3000 },
  billing: ${billing},
  keys: {
    '2': holdcast.sayBalance({ holdOffMs: 1000 }),
    '3': holdcast.nextTrack({ holdOffMs: 1000 }),
    '4': holdcast.sayPosition({ holdOffMs: 1000 }),
    '0': holdcast.quiet({ holdOffMs: 1000, music: true }),
  },
  ${more}`;
}

/** What a caller hears for 2 where `billing` is the default: "your-balance-is two hundred one dollars". */
export const ownBalance = (phone: string): string =>
  balanceText('en', [{ number: phone, balance: phone, currency: 'USD' }]);

export const positionId = (position: number): string => `prompts/en/position-${position}.wav`;
