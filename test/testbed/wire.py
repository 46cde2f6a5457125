#!/usr/bin/env python3
"""wire.py IF_A IF_B DELAY_MS JITTER_MS LOSS_PCT DUP_PCT [SEED]: carries Ethernet frames between two interfaces, badly.

For kernels without netem. The delay is that of one direction; jitter is uniform in both directions and may reorder frames."""
import heapq, random, select, socket, sys, time
a, b = sys.argv[1:3]
delay, jitter, loss, dup = (float(x) for x in sys.argv[3:7])
rnd = random.Random(int(sys.argv[7]) if len(sys.argv) > 7 else 1)
ETH_P_ALL, PACKET_OUTGOING, SOL_PACKET, PACKET_IGNORE_OUTGOING = 3, 4, 263, 23
def sk(i):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)); s.bind((i, 0))
    try: s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    except OSError: pass
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20); s.setblocking(False)
    return s
A, B = sk(a), sk(b)
peer, q, n = {A: B, B: A}, [], 0
while True:
    now = time.monotonic()
    while q and q[0][0] <= now:
        _, _, s, f = heapq.heappop(q)
        try: s.send(f)
        except OSError: pass
    t = max(0, q[0][0] - time.monotonic()) if q else None
    for s in select.select([A, B], [], [], t)[0]:
        for _ in range(256):
            try: f, addr = s.recvfrom(65600)
            except BlockingIOError: break
            except OSError: break
            if addr[2] == PACKET_OUTGOING: continue
            for _k in range(2 if rnd.random() * 100 < dup else 1):
                if rnd.random() * 100 < loss: continue
                n += 1
                heapq.heappush(q, (time.monotonic() + max(0, delay + rnd.uniform(-jitter, jitter)) / 1000, n, peer[s], f))
