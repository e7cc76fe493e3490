// SPDX-License-Identifier: Apache-2.0

/// A line of a configuration file, as errors and hints name it: `/etc/amanda/vertica/amanda.conf:12`.
public struct ConfigurationPlace: Sendable, Hashable, CustomStringConvertible {
    /// The file's name, as the caller gave it.
    public let file: String
    /// Counted from 1.
    public let line: Int

    /// A line of a file.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    public var description: String { "\(file):\(line)" }
}
