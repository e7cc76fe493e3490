// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// The sizes of one disk that a plan needs.
public struct EstimateRequest: Equatable, Sendable {
    /// The size of a dump at one level.
    public struct Level: Equatable, Sendable {
        public var level: Int
        /// When the dump was made that this one would build upon, in seconds since 1970: a walk counts what has
        /// changed since. Nil: everything.
        public var since: Int64?
        /// Native bytes, as curinfo remembers them.
        public var historicBytes: Int64?
    }

    public var name: DiskName
    /// Ascending.
    public var levels: [Level]
    /// Whether a walk must find out what curinfo does not know. One walk can answer all levels.
    public var needsWalk: Bool
}

/// What was found out about a disk's sizes.
public enum SizeEstimate: Equatable, Sendable {
    /// Native bytes by level; a level that is missing is taken from curinfo.
    case sizes([Int: Int64])
    /// The disk cannot be looked at; why.
    case failed(String)
}
