import RedisFixtures

/// nginx with one fixed answer, as a process of its own.
enum NginxServer {
    static let path = "/usr/sbin/nginx"

    /// The words that start it.
    static func words(_ port: Int, answer: String, in folder: PrivateFolder) throws -> [String] {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.file($0));" }
        let configuration = try folder.write(
            "nginx.conf",
            """
            daemon off; master_process off; pid \(folder.file("nginx.pid")); error_log \(folder.file("error.log"));
            events { worker_connections 4096; }
            http { access_log off; keepalive_requests 100000000; \(paths.joined(separator: " "))
              server { listen 127.0.0.1:\(port) backlog=1024;
                location / { default_type application/json; return 200 '\(answer)'; } } }
            """)
        return [path, "-c", configuration]
    }
}
