// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import Glibc
import HiddenCharacters
import LogOutput
public import Logging

/// The daemon from its settings file to its end: reads, checks, serves until SIGTERM or SIGINT.
public struct AgentProgram: Sendable {
    private let settingsFile: String
    private let logLevel: Logger.Level?

    /// - Parameter logLevel: comes before the settings file's; nil: as that says.
    public init(settingsFile: String, logLevel: Logger.Level? = nil) {
        self.settingsFile = settingsFile
        self.logLevel = logLevel
    }

    /// - Throws: whatever keeps it from starting; the text names the file or the address, and what to do.
    public func run() async throws {
        let userID = UserAccount.effectiveUserID
        guard userID == 0 else { throw AgentStartError.notRoot(userID: userID) }
        signal(SIGPIPE, SIG_IGN)
        let (settings, server) = try await runBlocking("start") {
            let settings = try readSettings()
            return (settings, try AgentServer(settings: settings, logger: logger(settings)))
        }
        try await server.run(endingOnSignals: true) { address in
            Self.say(
                "amfleetd: listening on \(address) as node \(settings.node) of cluster \(settings.cluster)")
        }
    }

    /// Whether the daemon did not start because of its settings file.
    public static func isUnusable(_ error: any Error) -> Bool {
        switch error as? AgentStartError {
        case .noSettings, .unusableSettings: true
        default: false
        }
    }

    private func readSettings() throws -> AgentSettings {
        let path = try Self.absolute(settingsFile)
        do {
            let bytes = try FileSystem.readGiven(path, limit: 1 << 20)
            var settings = try AgentSettings(
                parsing: bytes, file: settingsFile, directory: FileSystem.parentDirectory(of: path))
            settings.file = path
            return settings
        } catch let error as FilesError where error.isMissing {
            throw AgentStartError.noSettings(path: path)
        } catch {
            throw AgentStartError.unusableSettings(WireError.all(of: error))
        }
    }

    private static func absolute(_ path: String) throws -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let directory = getcwd(nil, 0) else {
            throw FilesError("find the working directory of", path, errorNumber: errno)
        }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }

    private func logger(_ settings: AgentSettings) -> Logger {
        var logger = LogOutput(limitedBy: "peer").logger("amfleetd", level: logLevel ?? settings.logLevel)
        logger[metadataKey: "node"] = "\(settings.node)"
        return logger
    }

    /// The one line that is not a log: tools wait for it.
    private static func say(_ line: String) {
        let bytes = Array("\(line.shownOnOneLine)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}
