// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// One line of a job's event stream.
///
/// Events are numbered from 1 without gaps, except heartbeats and progress, which repeat the newest number: a reader
/// that comes back with `after=N` misses none that matters.
public struct JobEvent: Codable, Sendable, Equatable, Failable {
    public enum Kind: String, Codable, Sendable {
        case state
        case progress
        /// A disk began or ended; `text` says which and how.
        case disk
        case note
        case heartbeat

        /// A word of a newer agent is a note: its number counts, and its text is shown.
        public init(from decoder: any Decoder) throws {
            self = Kind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .note
        }
    }

    public var sequence: Int
    public var time: Date
    public var kind: Kind
    public var state: JobState?
    public var progress: JobProgress?
    public var text: String?
    public var error: WireError?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?

    public init(
        sequence: Int, time: Date, kind: Kind, state: JobState? = nil, progress: JobProgress? = nil,
        text: String? = nil, error: WireError? = nil
    ) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.state = state
        self.progress = progress
        self.text = text
        self.error = error
        errors = error.map { [$0] }
    }
}
