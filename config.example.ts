// The configuration of Holdcast. Copy it to config.ts (beside the program; root takes that one only if it is named) or to
// /etc/holdcast/config.ts, change what you like, then try it:   holdcast config check
// Every option is here with its default. Remove what you do not change: what is absent has its default.
// Times are milliseconds (1000 = one second), levels are dB. Text behind // is a comment and does nothing.
import { defineConfig, nextTrack, quiet, sayBalance, sayPosition } from 'holdcast';

export default defineConfig({
  // The language in which callers are spoken to where Asterisk has none for the call. Balances and places in the queue
  // are composed in 'en', 'ru', 'de', 'es', 'fr' and 'it'; the prompts that come with Holdcast are in 'en' and 'ru'.
  language: 'en',

  // Whose clock decides when it is morning, and on which day a campaign begins. Default: this machine's.
  // timeZone: 'Europe/Moscow',

  media: {
    // The folder with music/ and advices/. A relative path starts from this file. Default: the shipped media.
    // folder: '/var/lib/holdcast/media',

    // Where prepared files are kept. Default: /var/cache/holdcast if it may be written, else the user's cache folder.
    // cache: '/var/cache/holdcast',

    // The ffmpeg that prepares files. Default: the variable FFMPEG_PATH, else the one that is installed.
    // ffmpeg: '/usr/bin/ffmpeg',

    // How often the folders are looked at for new files, 500 to 3600000.
    scanMs: 5000,

    // Loudness of what is prepared, in LUFS (a lower figure is softer), -50 to -10.
    musicLufs: -24,
    speechLufs: -19,

    // No peak of a prepared file is higher than this, in dBTP, -20 to 0.
    peakDbtp: -3,

    // The band of tones that is kept, in Hz. Default for 8000: 200 to 3400, the telephone's.
    // lowHz: 200,
    // highHz: 3400,
  },

  sound: {
    // Samples a second: 8000; 16000 with `format=slin16` in musiconhold.conf; 48000 with `format=slin48`.
    rate: 8000,
  },

  music: {
    // 'shuffle': every track once in random order, then again. 'order': by name. 'loop': the first track only.
    order: 'shuffle',
    // How long two tracks overlap, 0 to 15000.
    crossfadeMs: 3000,
    // The same when a caller asks for the next track, 0 to 5000.
    skipMs: 250,
    // Louder or softer than prepared, in dB, -40 to 12.
    gainDb: 0,
  },

  // The music goes down while somebody speaks.
  duck: {
    // How far, in dB, 0 to 60. 20 leaves speech clear for people who hear badly.
    depthDb: 20,
    // How long it takes to go down, 20 to 5000.
    attackMs: 300,
    // How long it stays down after a voice, so that short pauses do not make it pump, 0 to 10000.
    holdMs: 800,
    // How long it takes to come up again, 20 to 10000.
    releaseMs: 1000,
  },

  voice: {
    // The pause between two announcements, 0 to 10000.
    gapMs: 250,
    // How fast a voice ends when a more important one begins, 5 to 2000.
    takeOverMs: 80,
    // Louder or softer than prepared, in dB, -40 to 12.
    gainDb: 0,
  },

  advice: {
    // The first advice this long after the call began, 0 to 3600000.
    firstAfterMs: 20_000,
    // The next ones this long after the last voice ended, 0 to 3600000.
    everyMs: 20_000,
    // Never nearer than this to another voice, 0 to 600000.
    guardMs: 3000,

    // When advices/firstMorning, firstDay and firstEvening are used. A part may cross midnight (['22:00', '06:00']);
    // parts must not overlap; between them none of these folders is used. To drop a part, remove its line.
    dayParts: {
      firstMorning: ['00:00', '10:00'],
      firstDay: ['10:00', '21:00'],
      firstEvening: ['21:00', '24:00'],
    },

    // Advices that are heard only on some days or at some times. `match` is a folder or file below media/advices;
    // * stands for any text. `from` and `to` are days (both are included). `cron` says in which minutes: minute, hour,
    // day of month, month, day of week. An advice that is not named here is always heard.
    campaigns: [
      // { match: 'middle/summer-*', from: '2026-06-01', to: '2026-08-31' },
      // { match: 'last/office-hours', cron: '* 9-17 * * mon-fri' },
    ],
  },

  // Keeps music and speech together from distorting.
  limiter: {
    // Nothing leaves louder than this, in dBFS, -20 to 0.
    ceilingDb: -3,
    // How far it looks ahead (1 to 20), and how fast it lets go (1 to 2000).
    lookaheadMs: 5,
    releaseMs: 80,
  },

  // Every recording is faded in and out for this long, so that nothing clicks, 1 to 100.
  edgeMs: 5,

  stream: {
    // Audio kept ready for Asterisk, 80 to 200. Less answers keys sooner; more survives a busier machine.
    leadMs: 160,
    // A stream that Asterisk does not read any more ends after this, 1000 to 600000.
    undrainedMs: 30_000,
  },

  // The Asterisk Manager Interface: callers' keys and places in the queue come from it. Without a secret it is not used.
  // `holdcast asterisk` prints the section for manager.conf, with the least rights.
  ami: {
    host: '127.0.0.1',
    // 1 to 65535.
    port: 5038,
    user: 'holdcast',
    // From the environment, so that it does not stand here.
    secret: process.env.HOLDCAST_AMI_SECRET,
    // On this machine the secret is used only where the program at that port is Asterisk's (this user's) or root's. The user of
    // a tunnel (stunnel, ssh) must be named: 'stunnel4', 1001 or a list.
    // trustUid: 'stunnel4',
    // A connection or a login that takes longer is given up and tried again, 100 to 60000.
    connectMs: 5000,
    // A connection that is silent for so long is tested, 500 to 600000.
    pingMs: 10_000,
  },

  // `holdcast hub` plays to every caller of the machine, and tells Asterisk what to start for each.
  hub: {
    // 'fifo': the hub plays to all of them. 'stream': a process for each caller, with an AMI connection of its own.
    play: 'fifo',
    // Most callers, 1 to 20000; callers beyond that hear fallback music.
    callers: 4000,
    // Most mixing threads, 1 to 64. Default: one a core; the second begins when one has much to do.
    // threads: 2,
    // Memory for what is being played, shared by all callers, MB, 8 to 65536.
    cacheMb: 128,
    // For Prometheus and health checks: /metrics, /health, /ready. false: nowhere.
    observe: '127.0.0.1:9463',
    // Callers' pipes, or the notes that tell streams their calls. Default: play beside `calls.folder`.
    // folder: '/run/holdcast/play',
    // Where it answers Asterisk: a port of this machine ('8099', '[::1]:8099') or the path of a Unix socket.
    // It must be what holdcast-hub.socket says, where systemd holds the port.
    listen: '127.0.0.1:8099',
    // A proxy before either asks by these names. All others but this machine's own loopback are refused.
    // hosts: ['pbx.example'],
  },

  // What is kept of a call while it lasts: Asterisk stops and starts the program in the middle of calls, and the music
  // goes on where it was.
  calls: {
    // Default: /run/holdcast/calls if it may be written, else run/calls in the cache folder.
    // folder: '/run/holdcast/calls',
    // How often it is written, 200 to 60000.
    everyMs: 2000,
    // What nobody has taken up for so long is removed, 10000 to 86400000.
    keepMs: 3_600_000,
  },

  // The caller's place in the queue.
  position: {
    // Whether places are said by themselves: the first, each better one, and at intervals. false: only by a key.
    announce: true,
    // Not more often than this, 0 to 3600000.
    gapMs: 20_000,
    // Said again after so long without a change, 10000 to 3600000; 0: never.
    everyMs: 120_000,
    // Whether an estimated wait is said with it ("about three to five minutes"), from the queue's recent hold times.
    wait: false,
  },

  // The soft tone that answers a key.
  keyTone: {
    enabled: true,
    // 300 to 3000 Hz, 20 to 500 ms, -60 to -6 dBFS.
    hz: 880,
    ms: 120,
    levelDb: -26,
  },

  // Who speaks numbers, amounts and places: tried in this order, a sentence is said whole by one of them. A recording of
  // one word each, <folder>/<language>/<word>.wav; Asterisk's own sound packs; or a program that reads text and writes a
  // WAV (docs/speech.md). Default: the shipped voices (English, Russian).
  // voices: [
  //   { recorded: 'voices' },
  //   { asterisk: '/usr/share/asterisk/sounds' },
  //   { command: ['espeak-ng', '-v', '{language}', '--stdout'], languages: ['en', 'de'], limitMs: 10_000 },
  // ],

  // Where the balance comes from that key 2 says: one of `http`, `sql` and `ask`. Asked only when the caller's number is
  // certain; while it takes long, he hears "one moment". Without it he hears "not available just now".
  // billing: {
  //   http: {
  //     url: 'https://billing.example/balance?phone={phone}',
  //     token: process.env.BILLING_TOKEN,
  //     // From its JSON to [{ number: '000412', balance: '-12.50', currency: 'EUR' }]; none: not registered.
  //     answer: (json) => (json as { accounts: { number: string; balance: string }[] }).accounts,
  //   },
  //   // Or a query; :phone is passed as a parameter.
  //   // sql: {
  //   //   database: { host: 'db', ca: 'db-ca.pem', password: process.env.BILLING_PASSWORD, database: 'billing' },
  //   //   query: 'select number, balance from account where phone = :phone',
  //   // },
  //   // Or your own function.
  //   // ask: async ({ phone }) => [{ number: '000412', balance: await owes(phone) }],
  //
  //   // Of balances that name no currency (ISO 4217).
  //   currency: 'EUR',
  //   // An answer that takes longer is none (200 to 10000); one is good for so long (0 to 600000).
  //   limitMs: 3000,
  //   cacheMs: 30_000,
  //   // After so many failures in a row (1 to 100) billing is left alone for so long (1000 to 600000).
  //   failures: 5,
  //   restMs: 30_000,
  //   // With a country, national numbers become 'e164' (+442079460018), 'national' or 'digits' before they are asked about.
  //   country: 'GB',
  //   phone: 'e164',
  //   // Callers key in a PIN first: 3 to 12 digits; after 1 to 10 wrong ones the number is locked (1000 to 86400000). After
  //   // so many wrong ones over all numbers (3 to 10000) within `allMs` (1000 to 86400000) none is taken.
  //   pin: { digits: 4, tries: 3, lockMs: 3_600_000, allTries: 30, allMs: 600_000 },
  // },

  // What is remembered from call to call: each caller's music, what was heard, keys.
  store: {
    // A MySQL or MariaDB database (`holdcast store migrate` makes its tables). Default: a file of its own.
    // mysql: {
    //   // Or `socket: '/run/mysqld/mysqld.sock'` in the place of host and port.
    //   host: 'db',
    //   port: 3306,
    //   user: 'holdcast',
    //   password: process.env.STORE_PASSWORD,
    //   database: 'asterisk',
    //   // TLS, with the certificate of the server's authority (or of the server), and the name in the server's certificate
    //   // where that is not host. Without TLS or a socket, a MySQL that asks for the password itself gets it only encrypted
    //   // for its own key (its public_key.pem).
    //   tls: true,
    //   ca: '/etc/holdcast/db-ca.pem',
    //   tlsName: 'db.example',
    //   serverPublicKey: '/etc/holdcast/db-public_key.pem',
    //   // Connections at once (1 to 100), and how long one may take to stand, and a query (100 to 60000).
    //   connections: 4,
    //   connectMs: 2000,
    //   queryMs: 3000,
    // },

    // The file. Default: holdcast.db in /var/lib/holdcast if that may be written, else in the user's data folder.
    // file: '/var/lib/holdcast/holdcast.db',

    // What is older is removed once a day, 0 (never) to 36500 days; when, as five cron fields.
    keepDays: 365,
    purge: '17 4 * * *',
  },

  // What callers' keys do. A second press of the same key within holdOffMs (0 to 600000) does nothing.
  // `keys: {}` turns all keys off.
  keys: {
    '2': sayBalance({ holdOffMs: 15_000 }),
    '3': nextTrack({ holdOffMs: 3000 }),
    '4': sayPosition({ holdOffMs: 8000 }),
    // No more advices until it is pressed again; quiet({ music: true }) takes the music too.
    '0': quiet({ holdOffMs: 1000 }),
    // Your own: any async function. If it fails or takes longer than timeoutMs, the music goes on and the log says why.
    // '5': run(async (session) => session.play('prompts/en/opening-hours.wav'), { holdOffMs: 5000, timeoutMs: 5000 }),
  },

  log: {
    // 'debug', 'info', 'warn' or 'error'.
    level: 'info',
    // Default: standard error. HOLDCAST_LOG is read from the environment here, as passwords should be:
    // process.env.NAME keeps them out of this file.
    file: process.env.HOLDCAST_LOG,
  },
});
