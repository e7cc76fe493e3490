// SPDX-License-Identifier: Apache-2.0

/// What gathers remarks: set and read `remarks`, which keeps the two fields of the JSON in step.
public protocol Remarked {
    /// For people.
    var notes: [String] { get set }
    /// The same as values; nil of an older agent.
    var noteValues: [Remark]? { get set }
}

extension Remarked {
    /// The notes as values, those of an older agent as text alone.
    public var remarks: [Remark] {
        get { noteValues ?? notes.map { Remark($0) } }
        set {
            notes = newValue.map(\.description)
            noteValues = newValue
        }
    }

    /// One more remark that has no place.
    public mutating func note(_ texts: [String]) {
        remarks += texts.map { Remark($0) }
    }
}
