// SPDX-License-Identifier: Apache-2.0

public import Logging

extension Logger {
    /// The same with more to say of what its lines are about: `node`, `job`, `run`, `configuration`, `disk`, `stage`.
    public func with(_ metadata: Logger.Metadata) -> Logger {
        var logger = self
        for (key, value) in metadata { logger[metadataKey: key] = value }
        return logger
    }
}
