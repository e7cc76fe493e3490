// SPDX-License-Identifier: Apache-2.0

public import Logging

extension Logger {
    /// Drops every line: for whoever is given no logger.
    public static var discarding: Logger {
        Logger(label: "amfleet") { _ in SwiftLogNoOpLogHandler() }
    }

    /// The same with more to say of what its lines are about: `node`, `job`, `run`, `configuration`, `disk`, `stage`.
    public func with(_ metadata: Logger.Metadata) -> Logger {
        var logger = self
        for (key, value) in metadata { logger[metadataKey: key] = value }
        return logger
    }
}
