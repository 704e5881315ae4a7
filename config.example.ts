// The configuration of Holdcast. Copy it to /etc/holdcast/config.ts or to ./config.ts (root uses ./config.ts only if --config names
// it), edit it, then check it:   holdcast config check
// Every option is shown with its default. Remove options that you do not change: an absent option has its default.
// Times are milliseconds (1000 = one second), levels are dB. Text after // is a comment.
import { defineConfig, nextTrack, quiet, sayBalance, sayPosition } from 'holdcast';

export default defineConfig({
  // The language for callers whose channel has none. Balances and places in the queue are composed
  // in 'en', 'ru', 'de', 'es', 'fr' and 'it'; the shipped prompts are in 'en' and 'ru'.
  language: 'en',

  // The time zone of day parts and campaigns. Default: this machine's.
  // timeZone: 'Europe/Moscow',

  media: {
    // The folder with music/ and advices/. A relative path is relative to this file. Default: the shipped media.
    // folder: '/var/lib/holdcast/media',

    // The folder for prepared files. Default: /var/cache/holdcast if writable, otherwise the user's cache folder.
    // cache: '/var/cache/holdcast',

    // The ffmpeg that prepares files. Default: the variable FFMPEG_PATH, otherwise the installed one.
    // ffmpeg: '/usr/bin/ffmpeg',

    // Interval between scans for new files, 500 to 3600000. A file overwritten in place is noticed within 12 of them.
    scanMs: 5000,

    // Loudness of prepared files, in LUFS (lower is softer), -50 to -10.
    musicLufs: -24,
    speechLufs: -19,

    // Highest peak of a prepared file, in dBTP, -20 to 0.
    peakDbtp: -3,

    // The frequency band that is kept, in Hz. Default for 8000: 200 to 3400, the telephone band.
    // lowHz: 200,
    // highHz: 3400,
  },

  sound: {
    // Samples per second: 8000; 16000 with `format=slin16` in musiconhold.conf; 48000 with `format=slin48`.
    rate: 8000,
  },

  music: {
    // 'shuffle': every track once in random order, then again. 'order': by name. 'loop': the first track only.
    order: 'shuffle',
    // Overlap of two tracks, 0 to 15000.
    crossfadeMs: 3000,
    // Overlap when a caller asks for the next track, 0 to 5000.
    skipMs: 250,
    // Gain on top of the prepared loudness, in dB, -40 to 12.
    gainDb: 0,
  },

  // Ducking: the music fades down while a voice speaks.
  duck: {
    // Depth, in dB, 0 to 60. 20 keeps speech clear for people with hearing loss.
    depthDb: 20,
    // Time to fade down, 20 to 5000.
    attackMs: 300,
    // Time the music stays down after a voice, so that short pauses do not make it pump, 0 to 10000.
    holdMs: 800,
    // Time to fade up again, 20 to 10000.
    releaseMs: 1000,
  },

  voice: {
    // The pause between two announcements, 0 to 10000.
    gapMs: 250,
    // Fade-out of a voice when a more important one begins, 5 to 2000.
    takeOverMs: 80,
    // Gain on top of the prepared loudness, in dB, -40 to 12.
    gainDb: 0,
  },

  advice: {
    // Delay of the first advice after the call begins, 0 to 3600000.
    firstAfterMs: 20_000,
    // Delay of each further advice after the last voice, 0 to 3600000.
    everyMs: 20_000,
    // Shortest distance between an advice and another voice, 0 to 600000.
    guardMs: 3000,

    // The times of advices/firstMorning, firstDay and firstEvening. A part may cross midnight (['22:00', '06:00']).
    // Parts must not overlap; outside them none of these folders is used. To drop a part, remove its line.
    dayParts: {
      firstMorning: ['00:00', '10:00'],
      firstDay: ['10:00', '21:00'],
      firstEvening: ['21:00', '24:00'],
    },

    // Advices that play only on some days or at some times. `match` is a folder or file below media/advices;
    // * matches any text. `from` and `to` are days, both included. `cron` selects minutes: minute, hour,
    // day of month, month, day of week. Advices not listed here always play.
    campaigns: [
      // { match: 'middle/summer-*', from: '2026-06-01', to: '2026-08-31' },
      // { match: 'last/office-hours', cron: '* 9-17 * * mon-fri' },
    ],
  },

  // Prevents distortion when music and speech play together.
  limiter: {
    // Highest output level, in dBFS, -20 to 0.
    ceilingDb: -3,
    // Look-ahead (1 to 20) and release (1 to 2000).
    lookaheadMs: 5,
    releaseMs: 80,
  },

  // Fade-in and fade-out of every recording, which prevents clicks, 1 to 100.
  edgeMs: 5,

  stream: {
    // Audio written ahead of Asterisk, 80 to 200. Less: keys are heard sooner. More: survives a busier machine. The hub writes at most
    // 100 ahead while the machine is not busy.
    leadMs: 160,
    // A stream that Asterisk no longer reads ends after this time, 1000 to 600000.
    undrainedMs: 30_000,
  },

  // The Asterisk Manager Interface reports callers, keys and places in the queue. Without a secret it is not used.
  // `holdcast asterisk` prints the section for manager.conf, with the least rights.
  ami: {
    host: '127.0.0.1',
    // 1 to 65535.
    port: 5038,
    user: 'holdcast',
    // From the environment, so that the secret is not in this file.
    secret: process.env.HOLDCAST_AMI_SECRET,
    // On this machine the secret is used only if the program at that port runs as this user (Asterisk's) or root. Name the user
    // of a tunnel (stunnel, ssh): 'stunnel4', 1001 or a list.
    // trustUid: 'stunnel4',
    // Time limit of connecting and of the login; then Holdcast tries again, 100 to 60000.
    connectMs: 5000,
    // A connection that is silent for this time is tested, 500 to 600000.
    pingMs: 10_000,
  },

  // `holdcast hub` plays to every caller of the machine, and tells Asterisk what to start for each.
  hub: {
    // 'hub': the hub plays to all callers. 'stream': one process per caller, each with its own AMI connection.
    play: 'hub',
    // Most callers at once, 1 to 20000; callers beyond that hear fallback music.
    callers: 4000,
    // Most mixing threads, 1 to 64. Default: one per core; another starts when one is busy.
    // threads: 2,
    // Memory for audio being played, shared by all callers, MB, 8 to 65536.
    cacheMb: 128,
    // The address for Prometheus and health checks: /metrics, /health, /ready. false: none.
    observe: '127.0.0.1:9463',
    // The folder that readers, streams and the hub share. Default: play, beside `calls.folder`.
    // folder: '/run/holdcast/play',
    // Where the hub answers Asterisk: a port of this machine ('8099', '[::1]:8099') or the path of a Unix socket.
    // If systemd holds the port, this must equal the address in holdcast-hub.socket.
    listen: '127.0.0.1:8099',
    // Host names that a proxy before either address passes on. Other names than this machine's loopback are refused.
    // hosts: ['pbx.example'],
  },

  // The state of running calls: Asterisk restarts the program in the middle of calls, and the music
  // resumes where it stopped.
  calls: {
    // Default: /run/holdcast/calls if writable, otherwise run/calls in the cache folder.
    // folder: '/run/holdcast/calls',
    // Interval between writes, 200 to 60000.
    everyMs: 2000,
    // A state that no process has used for this time is removed, 10000 to 86400000.
    keepMs: 3_600_000,
  },

  // The caller's place in the queue.
  position: {
    // true: says the first place, each better one, and repeats at intervals. false: only on a key.
    announce: true,
    // Shortest time between two announcements, 0 to 3600000.
    gapMs: 20_000,
    // Repeat an unchanged place after this time, 10000 to 3600000; 0: never.
    everyMs: 120_000,
    // Add an estimated wait ("about three to five minutes"), from the queue's recent hold times.
    wait: false,
  },

  // The soft tone that acknowledges a key.
  keyTone: {
    enabled: true,
    // 300 to 3000 Hz, 20 to 500 ms, -60 to -6 dBFS.
    hz: 880,
    ms: 120,
    levelDb: -26,
  },

  // The voices that say numbers, amounts and places. The first one that can say a whole sentence says it. A voice is recordings of
  // single words, <folder>/<language>/<word>.wav; Asterisk's own sound packs; or a program that reads text and writes a
  // WAV (docs/speech.md). Default: the shipped voices (English, Russian).
  // voices: [
  //   { recorded: 'voices' },
  //   { asterisk: '/usr/share/asterisk/sounds' },
  //   { command: ['espeak-ng', '-v', '{language}', '--stdout'], languages: ['en', 'de'], limitMs: 10_000 },
  // ],

  // The source of the balance that key 2 says: one of `http`, `sql` and `ask`. It is asked only if the caller's number is
  // certain. If it is slow, the caller hears "one moment"; without it, "not available just now".
  // billing: {
  //   http: {
  //     url: 'https://billing.example/balance?phone={phone}',
  //     token: process.env.BILLING_TOKEN,
  //     // method: 'POST', headers: { 'X-Api-Key': process.env.BILLING_KEY }, body: { caller: '{phone}' },
  //     // Maps its JSON to [{ number: '000412', balance: '-12.50', currency: 'EUR' }]; []: not registered.
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
  //   // For balances that name no currency (ISO 4217).
  //   currency: 'EUR',
  //   // Time limit of an answer (200 to 10000), and how long it is reused (0 to 600000).
  //   limitMs: 3000,
  //   cacheMs: 30_000,
  //   // This many failures in a row (1 to 100) pause billing for `restMs` (1000 to 600000).
  //   failures: 5,
  //   restMs: 30_000,
  //   // With a country, numbers are converted before the request: 'e164' (+442079460018), 'national' or 'digits'.
  //   country: 'GB',
  //   phone: 'e164',
  //   // Callers enter a PIN first: 3 to 12 digits. After `tries` wrong PINs (1 to 10) the number is locked for `lockMs` (1000 to
  //   // 86400000). After `allTries` wrong PINs over all numbers (3 to 10000) within `allMs` (1000 to 86400000) no PIN is accepted.
  //   pin: { digits: 4, tries: 3, lockMs: 3_600_000, allTries: 30, allMs: 600_000 },
  // },

  // Data kept from call to call: each caller's music, what was heard, keys.
  store: {
    // A MySQL or MariaDB database (`holdcast store migrate` creates its tables). Default: an embedded file.
    // mysql: {
    //   // Or `socket: '/run/mysqld/mysqld.sock'` in the place of host and port.
    //   host: 'db',
    //   port: 3306,
    //   user: 'holdcast',
    //   password: process.env.STORE_PASSWORD,
    //   database: 'asterisk',
    //   // TLS, with the certificate of the server's authority (or of the server), and the name in the server's certificate
    //   // if that is not `host`. Without TLS or a socket, a MySQL server that asks for the password itself gets it only
    //   // encrypted for its own key (its public_key.pem).
    //   tls: true,
    //   ca: '/etc/holdcast/db-ca.pem',
    //   tlsName: 'db.example',
    //   serverPublicKey: '/etc/holdcast/db-public_key.pem',
    //   // Connections at once (1 to 100), and time limits of connecting and of a query (100 to 60000).
    //   connections: 4,
    //   connectMs: 2000,
    //   queryMs: 3000,
    // },

    // The file. Default: holdcast.db in /var/lib/holdcast if writable, otherwise in the user's data folder.
    // file: '/var/lib/holdcast/holdcast.db',

    // Entries older than this are removed once a day, 0 (never) to 36500 days; `purge`: when, as five cron fields.
    keepDays: 365,
    purge: '17 4 * * *',
  },

  // What callers' keys do. A second press of the same key within holdOffMs (0 to 600000) does nothing.
  // `keys: {}` turns all keys off.
  keys: {
    '2': sayBalance({ holdOffMs: 15_000 }),
    '3': nextTrack({ holdOffMs: 3000 }),
    '4': sayPosition({ holdOffMs: 8000 }),
    // No more advices until it is pressed again; quiet({ music: true }) silences the music too.
    '0': quiet({ holdOffMs: 1000 }),
    // Your own: any async function. If it fails or exceeds timeoutMs, the music goes on and the log says why.
    // '5': run(async (session) => session.play('prompts/en/opening-hours.wav'), { holdOffMs: 5000, timeoutMs: 5000 }),
  },

  log: {
    // 'debug', 'info', 'warn' or 'error'.
    level: 'info',
    // Default: standard error. Here it comes from the environment, as passwords should:
    // process.env.NAME keeps them out of this file.
    file: process.env.HOLDCAST_LOG,
  },
});
