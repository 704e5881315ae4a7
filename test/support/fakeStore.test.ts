// The store in memory that the keeper is tested with keeps the contract of stores.
// A fake that is kinder than a real store would hide what the keeper does wrong.
import { FakeDatabase } from './fakeStore';
import { describeStore } from './storeContract';

let database = new FakeDatabase();
describeStore(() => ({
  open: () => database.open(),
  clear: () => {
    database = new FakeDatabase();
    return Promise.resolve();
  },
  counts: () => {
    const count = (type: string): number => database.entries.filter((entry) => entry.type === type).length;
    const phones = new Set(
      database.entries.flatMap((entry) => (entry.type === 'choice' ? [entry.phone] : [])),
    );
    return Promise.resolve({ choices: phones.size, heard: count('heard'), keys: count('key') });
  },
  pinRows: () =>
    Promise.resolve([...database.pins.lines].map((line) => `${JSON.stringify(line)}\n`).join('')),
  agePins: (ms) => {
    for (const line of database.pins.lines.values()) line.atMs -= ms;
    return Promise.resolve();
  },
}));
