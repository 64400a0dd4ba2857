import RedisFixtures

/// Floods over HTTP/2, sent by Python over one connection after the other, while a neighbour asks for something ordinary.
enum PythonFlood {
    /// What came of it.
    struct Result {
        /// Connections that the flood used, and the mebibytes that it sent.
        var connections = 0
        var mebibytes = 0
        /// The neighbour's answers, and those that were not 404.
        var answers = 0
        var wrong = 0
        var p99Milliseconds = 0
    }

    static func run(_ kind: String, port: Int, folder: PrivateFolder, milliseconds: Int) throws -> Result {
        let words = [
            PythonTLS.python, try folder.write("flood.py", program), folder.path, "\(port)", kind, "\(milliseconds)",
        ]
        let output = try SpawnedProcess.run(words, in: folder, withinMilliseconds: 60_000)
        let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 5 else { throw FixtureError("the flood said: \(output)") }
        return Result(
            connections: numbers[0], mebibytes: numbers[1], answers: numbers[2], wrong: numbers[3],
            p99Milliseconds: numbers[4])
    }

    private static let program = """
        import http.client, ssl, socket, struct, sys, threading, time
        folder, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        end = time.monotonic() + int(sys.argv[4]) / 1000
        used, sent, lock = [0], [0], threading.Lock()

        def context(protocols):
            made = ssl.create_default_context(cafile=f"{folder}/ca.pem")
            made.load_cert_chain(f"{folder}/good.pem", f"{folder}/good.key")
            made.set_alpn_protocols(protocols)
            return made

        def frame(type, flags, stream, payload=b""):
            return struct.pack(">I", len(payload))[1:] + bytes([type, flags]) + struct.pack(">I", stream) + payload

        HEAD = b"\\x83\\x87\\x04\\x08/nothing\\x01\\x07gateway"
        INTENT = b"\\x83\\x87\\x04\\x0e/api/v1/intent\\x01\\x07gateway"

        def flood():
            if kind == "resets":
                return b"".join(frame(1, 5, 2 * n + 1, HEAD) + frame(3, 0, 2 * n + 1, b"\\0\\0\\0\\x08") for n in range(20000))
            if kind == "settings":
                return frame(4, 0, 0) * 100000
            if kind == "pings":
                return frame(6, 0, 0, b"12345678") * 60000
            if kind == "continuations":
                return frame(1, 0, 1, HEAD) + frame(9, 0, 1, b"\\x00\\x01a\\x01b") * 60000
            if kind == "bomb":
                value = b"x" * 3000
                length = b"\\x7f" + bytes([(3000 - 127) % 128 + 128, (3000 - 127) // 128])
                block = HEAD + b"\\x40\\x01a" + length + value + b"\\xbe" * 12000
                return frame(1, 5, 1, block) * 20
            if kind == "errors":
                head = HEAD + b"\\x0f\\x0d\\x011"  # content-length: 1
                return frame(1, 4, 1, HEAD) + b"".join(
                    frame(1, 4, 2 * n + 3, head) + frame(0, 0, 2 * n + 3, b"ab") for n in range(20000))
            if kind == "priorities":
                return frame(2, 0, 3, b"\\0\\0\\0\\0\\x10") * 60000
            if kind == "crumbs":
                return frame(1, 4, 1, INTENT) + frame(0, 0, 1, b"x") * 60000
            if kind == "unknown":
                return frame(0x42, 0, 0) * 100000
            return frame(8, 0, 0, b"\\0\\0\\0\\x01") * 100000

        def hold(connection):
            # Bodies that are never whole, on as many streams and as large as the windows allow, kept to the end.
            window, rest = 65535, [(2 * n + 1, 60000) for n in range(100)]
            connection.sendall(b"".join(frame(1, 4, stream, INTENT) for stream, _ in rest))
            connection.settimeout(0.2)
            read = b""
            while time.monotonic() < end:
                while rest and window >= 15000:
                    stream, left = rest.pop()
                    connection.sendall(frame(0, 0, stream, b"x" * 15000))
                    sent[0] += 15000
                    window -= 15000
                    if left > 15000:
                        rest.append((stream, left - 15000))
                try:
                    more = connection.recv(65536)
                except TimeoutError:
                    continue
                if not more:
                    return
                read += more
                while len(read) >= 9 and len(read) >= 9 + int.from_bytes(read[:3], "big"):
                    length, kind_of, stream = int.from_bytes(read[:3], "big"), read[3], int.from_bytes(read[5:9], "big")
                    if kind_of == 8 and stream == 0:
                        window += int.from_bytes(read[9:13], "big")
                    if kind_of in (0, 1, 3):
                        rest = [entry for entry in rest if entry[0] != stream]
                    read = read[9 + length:]

        def attack():
            tls, preface = context(["h2"]), b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0)
            bytes_of_flood = preface + flood()
            while time.monotonic() < end:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, tls.wrap_socket(
                            plain, server_hostname="127.0.0.1") as connection:
                        with lock:
                            used[0] += 1
                        if kind == "bodies":
                            connection.sendall(preface)
                            hold(connection)
                            continue
                        view = memoryview(bytes_of_flood)
                        while view and time.monotonic() < end:
                            connection.sendall(view[:65536])
                            sent[0] += min(len(view), 65536)
                            view = view[65536:]
                            if not view and kind == "unknown":
                                view = memoryview(flood())
                        connection.settimeout(max(end - time.monotonic(), 0.1))
                        while connection.recv(65536):
                            pass
                except OSError:
                    pass

        attackers = [threading.Thread(target=attack) for _ in range(3)]
        for thread in attackers:
            thread.start()
        wrong, times = 0, []
        neighbour = http.client.HTTPSConnection("127.0.0.1", port, context=context(["http/1.1"]), timeout=20)
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                neighbour.request("GET", "/nothing")
                answer = neighbour.getresponse()
                answer.read()
                wrong += answer.status != 404
            except OSError:
                wrong += 1
                neighbour.close()
            times.append(time.monotonic() - began)
            # A few hundred in a second: what the gateway spends is the flood's, not the neighbour's.
            time.sleep(max(0.002 - times[-1], 0))
        for thread in attackers:
            thread.join()
        times.sort()
        print(used[0], sent[0] >> 20, len(times), wrong, int(times[len(times) * 99 // 100] * 1000))
        """
}
