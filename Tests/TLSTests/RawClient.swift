// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

extension TestServer {
    /// Runs one of the scenes of `rawClient` as the coordinator; the outcome's text is what the scene printed.
    func scene(_ name: String, _ arguments: String...) async throws -> ClientOutcome {
        try await startScene(name, arguments).outcome()
    }

    /// Starts a scene that the test ends.
    func startScene(_ name: String, _ arguments: [String] = []) throws -> ClientProgram {
        let fixed = ["-c", rawClient, name, "\(port)", coordinator.authority, coordinator.certificate]
        return try ClientProgram("python3", fixed + [coordinator.privateKey] + arguments)
    }
}

/// A TLS client that has its records in its hands: it can halve them, spoil them and hold them back, which neither
/// curl nor s_client can. Python's `ssl` over memory BIOs, so the TLS itself is OpenSSL's.
private let rawClient = #"""
    import socket, ssl, struct, sys, time
    scene, port, ca, cert, key = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
    more = sys.argv[6:]

    class Peer:
        def __init__(self, window=None):
            self.s = socket.socket()
            if window: self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            self.s.connect(("127.0.0.1", port))
            self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            c = ssl.create_default_context(cafile=ca)
            c.load_cert_chain(cert, key)
            self.i, self.o = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.t = c.wrap_bio(self.i, self.o, server_hostname="node01.demo")
            self.fin = False
        def records(self):
            return self.o.read()
        def more(self):
            d = self.s.recv(65536)
            if d: self.i.write(d)
            else: self.fin = True; self.i.write_eof()
        def greet(self, send=None):
            send = send or self.s.sendall
            while True:
                try:
                    self.t.do_handshake(); break
                except ssl.SSLWantReadError:
                    send(self.records()); self.more()
            send(self.records())
            return self
        def seal(self, data):
            self.t.write(data); return self.records()
        def say(self, data):
            self.s.sendall(self.seal(data))
        def goodbye(self):
            try: self.t.unwrap()
            except ssl.SSLWantReadError: pass
            self.s.sendall(self.records())
        def read(self, at_least=None):
            got = 0; self.tail = b""
            while at_least is None or got < at_least:
                try:
                    d = self.t.read(65536)
                    if not d: return got, "close_notify"
                    got += len(d); self.tail = (self.tail + d)[-4096:]
                except ssl.SSLWantReadError:
                    try: self.more()
                    except ConnectionResetError: return got, "reset"
                except ssl.SSLZeroReturnError: return got, "close_notify"
                except ssl.SSLEOFError: return got, "eof"
                except ssl.SSLError as e: return got, e.reason
            return got, "enough"
        def until_fin(self):
            while not self.fin: self.more()
            return "fin"

    def get(path, close=True):
        return ("GET /%s HTTP/1.1\r\nHost: node01.demo\r\n%s\r\n" % (path, "Connection: close\r\n" if close else "")).encode()
    def post(path, length):
        return ("POST /%s HTTP/1.1\r\nHost: node01.demo\r\nContent-Length: %d\r\n\r\n" % (path, length)).encode()
    def reset(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()

    if scene == "silent":
        s = socket.create_connection(("127.0.0.1", port)); begin = time.monotonic()
        print(s.recv(10), time.monotonic() - begin)
    elif scene == "half-hello":
        p = Peer()
        try: p.t.do_handshake()
        except ssl.SSLWantReadError: pass
        hello = p.records(); p.s.sendall(hello[:len(hello) // 2])
        if more == ["fin"]: p.s.shutdown(socket.SHUT_WR); print(p.s.recv(100))
        else: reset(p.s); print("reset")
    elif scene == "after-server-hello":
        p = Peer()
        try: p.t.do_handshake()
        except ssl.SSLWantReadError: pass
        p.s.sendall(p.records()); p.more()
        if more == ["fin"]: p.s.shutdown(socket.SHUT_WR); print(p.until_fin())
        else: reset(p.s); print("reset")
    elif scene == "garbage":
        import random
        random.seed(7); answers = []
        kinds = [b"\x00" * 100, b"\xff" * 5000, b"SSH-2.0-x\r\n", b"\x16\x03\x01\xff\xff" + b"a" * 70000,
                 b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", b"\x17\x03\x03\x00\x10" + b"b" * 16, b"\x80\x2e\x01\x00\x02" + b"c" * 60]
        kinds += [random.randbytes(random.randrange(1, 3000)) for _ in range(100)]
        for kind in kinds:
            s = socket.create_connection(("127.0.0.1", port)); s.settimeout(60)
            try:
                s.sendall(kind); s.shutdown(socket.SHUT_WR)
                while s.recv(4096): pass
                answers.append("closed")
            except (ConnectionResetError, BrokenPipeError): answers.append("closed")
        print(answers.count("closed"), len(kinds))
    elif scene == "byte-by-byte":
        p = Peer()
        def send(data):
            for b in data: p.s.sendall(bytes([b]))
        p.greet(send); send(p.seal(get("who"))); print(p.read()[1], b"spiffe://demo/coordinator" in p.tail)
    elif scene == "tampered":
        p = Peer().greet(); r = bytearray(p.seal(get("who"))); r[-1] ^= 1; p.s.sendall(bytes(r)); print(p.read())
    elif scene == "cut-mid-record":
        p = Peer().greet(); p.say(post("sink", 1000000)); p.say(b"x" * 16000)
        r = p.seal(b"y" * 16000); p.s.sendall(r[:8000]); time.sleep(0.3)
        if more == ["fin"]: p.s.shutdown(socket.SHUT_WR); print(p.read()[1])
        else: reset(p.s); print("reset")
    elif scene == "fin-between-records":
        p = Peer().greet(); p.say(post("sink", 1000000)); p.say(b"x" * 16000); p.s.shutdown(socket.SHUT_WR); print(p.read()[1])
    elif scene == "close-notify-in-chunked":
        p = Peer().greet()
        p.say(b"POST /sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n")
        p.goodbye(); print(p.read()[1])
    elif scene == "close-notify-then-read":
        p = Peer().greet(); p.say(get("bytes/5242880", close=False)); p.goodbye(); n, end = p.read(); print(n > 5242880, end, p.until_fin())
    elif scene == "fin-then-read":
        p = Peer().greet(); p.say(get("bytes/5242880", close=False)); p.s.shutdown(socket.SHUT_WR); n, end = p.read(); print(n > 5242880, end)
    elif scene == "crowd":
        # Strangers that say nothing and such as say half a hello; who is let go of is counted.
        crowd = []
        for number in range(int(more[0])):
            if number % 2: crowd.append(socket.create_connection(("127.0.0.1", port)))
            else:
                p = Peer()
                try: p.t.do_handshake()
                except ssl.SSLWantReadError: pass
                hello = p.records(); crowd.append(p.s)
                try: p.s.sendall(hello[:len(hello) // 2])
                except OSError: pass
        print("there", flush=True)
        gone = 0; wanted = int(more[1])
        while gone < wanted:
            gone = 0
            for s in crowd:
                s.setblocking(False)
                try: gone += s.recv(1) == b""
                except BlockingIOError: pass
                except OSError: gone += 1
            time.sleep(0.02)
        print("gone", flush=True); time.sleep(600)
    elif scene == "too-many":
        keep = []
        for _ in range(int(more[0])):
            p = Peer().greet(); p.say(get("stream", close=False)); p.read(at_least=20); keep.append(p)
        p = Peer().greet(); p.say(get("who", close=False)); p.read(); print(p.tail.decode())
    elif scene == "idle-goes":
        first = Peer().greet(); first.say(get("who", close=False)); first.read(at_least=20)
        others = []
        for _ in range(int(more[0])):
            p = Peer().greet(); p.say(get("who", close=False)); p.read(at_least=20); others.append(p)
        print(first.read()[1], flush=True)
        others[-1].say(get("who")); print(others[-1].read()[1])
    elif scene == "slow-head":
        p = Peer().greet(); p.say(b"GET /who HTTP/1.1\r\nX-Slow: ")
        try:
            while True: p.say(b"x"); time.sleep(0.05)
        except OSError: print("ended")
    elif scene == "stalled":
        p = Peer().greet(); p.say(get(more[0], close=False)); print("asked", flush=True); time.sleep(600)
    elif scene == "leave-stream":
        p = Peer().greet(); p.say(get("stream", close=False)); p.read(at_least=200); print("reading", flush=True)
        if more == ["kill"]: time.sleep(600)
        elif more == ["close_notify"]: p.goodbye(); p.s.close()
        elif more == ["fin"]: p.s.close()
        else: reset(p.s)
    elif scene == "chaos":
        import random
        r = random.Random(int(more[0])); open_peers = []
        def act(p):
            k = r.randrange(12)
            if k == 0: p.s.sendall(p.seal(get(r.choice(["who", "stream", "bytes/300000", "nowhere"]), close=r.random() < 0.3) * r.randrange(1, 4)))
            elif k == 1: p.s.sendall(p.seal(post("sink", r.randrange(1, 50000)) + r.randbytes(r.randrange(0, 20000))))
            elif k == 2: p.goodbye()
            elif k == 3: p.s.shutdown(socket.SHUT_WR)
            elif k == 4: p.s.sendall(r.randbytes(r.randrange(1, 200)))
            elif k == 5: x = p.seal(get("who", close=False)); p.s.sendall(x[:r.randrange(1, len(x))])
            elif k in (6, 7): p.s.settimeout(0.05); p.read(at_least=r.randrange(1, 60000))
            elif k == 8: reset(p.s); return False
            elif k == 9: p.s.close(); return False
            elif k == 10: p.s.sendall(p.seal(b"\x00\xff nonsense\r\n\r\n"))
            else: time.sleep(r.random() / 50)
            return True
        for _ in range(80):
            try:
                p = Peer(window=r.choice([None, 4096]))
                if r.random() < 0.2: p.s.sendall(r.randbytes(r.randrange(1, 600)))
                p.greet(); alive = True
                for _ in range(r.randrange(0, 6)):
                    alive = alive and act(p)
                if alive and r.random() < 0.3: open_peers.append(p)
            except (OSError, ssl.SSLError, ValueError): pass
        print("done")
    elif scene == "slow":
        p = Peer().greet(); p.say(get("bytes/12000000")); n = 0
        while True:
            k, end = p.read(at_least=400000); n += k; time.sleep(0.05)
            if end != "enough": break
        print(n > 12000000, end)
    elif scene == "never-closes":
        p = Peer().greet(); p.say(get("who")); end = p.read()[1]; fin = p.until_fin(); begin = time.monotonic()
        try:
            while True: p.s.sendall(b"x"); time.sleep(0.02)
        except OSError: print(end, fin, time.monotonic() - begin)
    elif scene == "pipelined":
        p = Peer().greet(); p.say(get("who", close=False) * 4 + get("who")); n, end = p.read(); print(p.tail.count(b"HTTP/1.1 200"), end)
    elif scene == "refused-upload":
        p = Peer().greet(); p.say(post("ignore", 30000000).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        for _ in range(1875): p.say(b"z" * 16000)
        n, end = p.read(); print(p.tail[:12].decode(), end)
    elif scene == "many-records":
        p = Peer().greet(); body = bytes(range(256)) * 4096
        p.say(post("sink", len(body))); r = b"".join(p.seal(body[i:i + 7]) for i in range(0, len(body), 7)); p.s.sendall(r)
        print(p.read(at_least=20)[1])
    """#
