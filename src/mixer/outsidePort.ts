// MixerOutside: what calls have outside of their mixing thread, as the Mixer knows it.
// A file of its own, since the Mixer and its calls both name it.
import type { RecordedCall } from '../session/callerRecords';
import type { CallServices } from '../session/callServices';
import type { KeyBindings } from '../session/keys';
import type { Speech } from '../session/speech';
import type { PortableConfig } from './messages';

export interface MixerOutside {
  /** Its owner closes it. */
  services(token: string, call: () => RecordedCall | undefined): CallServices;
  speech(token: string): Pick<Speech, 'position'>;
  bindings(config: PortableConfig, token: string): KeyBindings;
}
