// extconfig.conf: which engine Asterisk asks for a family of things, and where.
import type { Conf } from './confFile';

export interface Engine {
  readonly driver: string;
  readonly address: string;
  readonly priority: number;
}

/** The engines of a family in their order, as the file says: Asterisk takes the first [settings] only. */
export function enginesOf({ sections }: Conf, family: string): Engine[] {
  const settings = sections.find(({ name }) => name === 'settings');
  return (settings?.lines ?? [])
    .filter(({ name }) => name === family)
    .map(({ value }) => {
      const [driver = '', address = '', , priority = '1'] = value.split(',').map((part) => part.trim());
      return { driver, address: address.replace(/^"|"$/g, ''), priority: Number(priority) };
    })
    .sort((a, b) => a.priority - b.priority);
}
