# Reads a pipe as Asterisk does and says how much audio lies in it, which only FIONREAD tells and Node cannot ask.
# usage: depth.py <fd> <settle ms> <after ms> [child|reader|both <stall ms>]; says "ready", is told the process id of
# the writer on standard input, prints JSON for bench/depth.ts.
import fcntl, json, os, signal, struct, sys, termios, time

FRAME_BYTES, FRAME_S, POLL_S = 640, 0.04, 0.01
fd, settle, after = (int(word) for word in sys.argv[1:4])
who = sys.argv[4] if len(sys.argv) > 4 else None
stall = int(sys.argv[5]) / 1000 if who else 0


def depth():
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, struct.pack("i", 0)))[0]


def read_frame():
    """A short read is discarded by Asterisk, a dry one makes it wait: both are told apart here."""
    global short
    try:
        short += len(os.read(fd, FRAME_BYTES)) < FRAME_BYTES
    except BlockingIOError:
        dry.append(since_start())


def since_start():
    return round((time.monotonic() - start) * 1000, 1)


os.set_blocking(fd, False)
print("ready", flush=True)
pid = int(sys.stdin.readline())
while depth() < FRAME_BYTES:
    time.sleep(0.001)
start = time.monotonic()
stall_at = start + settle / 1000 if who else None
end = start + (settle + after) / 1000 + stall
samples, dry, short, next_read = [], [], 0, start
while time.monotonic() < end:
    now = time.monotonic()
    if stall_at is not None and now >= stall_at:
        stall_at = None
        if who != "reader":
            os.kill(pid, signal.SIGSTOP)
        stalled_until = now + stall
        while time.monotonic() < stalled_until:
            # Asterisk acknowledges all expirations of its timer at once: reads that were missed are not made up for.
            if who == "child" and time.monotonic() >= next_read:
                read_frame()
                next_read += FRAME_S
            time.sleep(0.002)
        while next_read < time.monotonic():
            next_read += FRAME_S
        if who != "reader":
            os.kill(pid, signal.SIGCONT)
    if now >= next_read:
        samples.append([since_start(), depth()])
        read_frame()
        next_read += FRAME_S
    samples.append([since_start(), depth()])
    time.sleep(max(0.001, min(POLL_S, next_read - time.monotonic())))
print(json.dumps({"samples": samples, "dry": dry, "short": short}))
