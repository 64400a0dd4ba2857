import RedisFixtures

/// Floods over HTTP/2, sent by Python over one connection after the other, while a neighbour asks for something ordinary.
enum PythonFlood {
    /// What came of it, in one line: connections that the flood used, neighbour's answers, those that were not 404, slowest in ms.
    static func run(
        _ kind: String, port: Int, folder: PrivateFolder, seconds: Int
    ) throws -> (connections: Int, answers: Int, wrong: Int, slowestMilliseconds: Int) {
        let words = [
            PythonTLS.python, try folder.write("flood.py", program), folder.path, "\(port)", kind, "\(seconds)",
        ]
        let output = try SpawnedProcess.run(words, in: folder, withinMilliseconds: 60_000)
        let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 4 else { throw FixtureError("the flood said: \(output)") }
        return (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    private static let program = """
        import http.client, ssl, socket, struct, sys, threading, time
        folder, port, kind, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
        end = time.monotonic() + seconds
        used, lock = [0], threading.Lock()

        def context(protocols):
            made = ssl.create_default_context(cafile=f"{folder}/ca.pem")
            made.load_cert_chain(f"{folder}/good.pem", f"{folder}/good.key")
            made.set_alpn_protocols(protocols)
            return made

        def frame(type, flags, stream, payload=b""):
            return struct.pack(">I", len(payload))[1:] + bytes([type, flags]) + struct.pack(">I", stream) + payload

        HEAD = b"\\x83\\x87\\x04\\x08/nothing\\x01\\x07gateway"

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
            return frame(8, 0, 0, b"\\0\\0\\0\\x01") * 100000

        def attack():
            tls, bytes_of_flood = context(["h2"]), b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0) + flood()
            while time.monotonic() < end:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, tls.wrap_socket(
                            plain, server_hostname="127.0.0.1") as connection:
                        with lock:
                            used[0] += 1
                        connection.sendall(bytes_of_flood)
                        while connection.recv(65536):
                            pass
                except OSError:
                    pass

        attackers = [threading.Thread(target=attack) for _ in range(3)]
        for thread in attackers:
            thread.start()
        answers = wrong = slowest = 0
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
            answers += 1
            slowest = max(slowest, int((time.monotonic() - began) * 1000))
        for thread in attackers:
            thread.join()
        print(used[0], answers, wrong, slowest)
        """
}
