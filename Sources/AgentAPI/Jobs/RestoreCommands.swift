// SPDX-License-Identifier: Apache-2.0

/// What a node runs around a restore in place, each a line for `/bin/sh -c`, as root: `systemctl stop vertica`.
///
/// They come with a coordinator's job alone, out of its own `cluster.json`; nothing in the bucket says what a node runs. The job is
/// kept on the node, so no secret belongs into them.
public struct RestoreCommands: Codable, Sendable, Hashable {
    /// When a command of the three is run.
    public enum Moment: String, Codable, Sendable, CaseIterable {
        /// Everything has been looked at, and nothing is written yet. Where it fails nothing is restored.
        case before
        /// Everything is back.
        case after
        /// Something is not back, or the restore was cancelled: `after` is not run then.
        case afterFailure
    }

    public var before: String?
    public var after: String?
    public var afterFailure: String?
    /// Of each; nil: `defaultLimitSeconds`.
    public var limitSeconds: Int?

    public static let defaultLimitSeconds = 600
    /// A day.
    public static let limitSecondsRange = 1...86_400

    public init(
        before: String? = nil, after: String? = nil, afterFailure: String? = nil, limitSeconds: Int? = nil
    ) {
        self.before = before
        self.after = after
        self.afterFailure = afterFailure
        self.limitSeconds = limitSeconds
    }

    public subscript(_ moment: Moment) -> String? {
        switch moment {
        case .before: before
        case .after: after
        case .afterFailure: afterFailure
        }
    }
}

extension RestoreReport {
    /// A command that was run, or is left to the operator.
    public struct Command: Codable, Sendable, Equatable {
        public var moment: RestoreCommands.Moment
        public var command: String
        /// The last of what it wrote, both channels together; empty: nothing, or it was not run.
        public var text: String
        public var seconds: Double
        public var error: WireError?

        public init(
            moment: RestoreCommands.Moment, command: String, text: String = "", seconds: Double = 0,
            error: WireError? = nil
        ) {
            self.moment = moment
            self.command = command
            self.text = text
            self.seconds = seconds
            self.error = error
        }
    }
}
