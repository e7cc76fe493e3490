// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// `rclone serve s3`: an S3 server that knows neither conditional writes nor CRC-32C.
public final class RcloneServer: Sendable {
    /// Known to the server.
    public let accessKey = "testkey"

    /// Known to the server.
    public let secretKey = "testsecret"

    /// The bucket that it has.
    public static let bucket = "backups"

    /// Where it listens.
    public let port = FreePort.find()
    private let directory: TemporaryDirectory
    private let process: ServerProcess

    /// `http://127.0.0.1:port`
    public var endpoint: String { "http://127.0.0.1:\(port)" }

    private static let sharedServer = SharedServer { try await RcloneServer.start() }

    /// The one server of this test process; it ends with it.
    public static func shared() async throws -> RcloneServer {
        try await sharedServer.server()
    }

    /// Starts a server of its own and waits until it answers.
    public static func start() async throws -> RcloneServer {
        let server = try RcloneServer()
        let deadline = ContinuousClock.now + .seconds(120)
        while await LocalHTTP.send("GET", port: server.port, path: "/") == nil {
            guard ContinuousClock.now < deadline else {
                throw ServerFailure("rclone", server.process.logTail)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return server
    }

    private init() throws {
        directory = try TemporaryDirectory("amfleet-rclone")
        try FileSystem.makeDirectories(directory.path("data/\(Self.bucket)"))
        process = try ServerProcess(
            [
                try RequiredTools.path("rclone"), "serve", "s3", "--addr", "127.0.0.1:\(port)", "--auth-key",
                "\(accessKey),\(secretKey)", "--config", "/dev/null", directory.path("data"),
            ],
            logPath: directory.path("rclone.log"),
            scratch: directory.path)
    }

    /// Kills the server; its data is gone.
    public func stop() async {
        await process.stop()
    }
}
