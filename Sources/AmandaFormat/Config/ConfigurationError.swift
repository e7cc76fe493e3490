// SPDX-License-Identifier: Apache-2.0

public import Faults

/// One thing that is wrong with an `amanda.conf` or a `disklist`. It never quotes a property's value.
public struct ConfigurationFault: Fault, Hashable {
    /// The line to look at.
    public let place: FaultPlace?
    /// What is wrong there, without the place.
    public let facts: String
    /// What to do, as a sentence, if there is something better than to read the line.
    public let hint: String?

    /// Settings that cannot be used, but for a file that is as it should be and does not answer.
    public let kind: FaultKind

    /// A fault at a place.
    init(_ place: FaultPlace, _ facts: String, hint: String? = nil, kind: FaultKind = .configuration) {
        self.place = place
        self.facts = facts
        self.hint = hint
        self.kind = kind
    }
}

/// Everything that one pass over a configuration found wrong, in the order of the lines.
public struct ConfigurationError: Fault, Hashable {
    /// All that was found in one pass; at least one.
    public let list: [ConfigurationFault]

    /// All that was found in one pass.
    public init(_ list: [ConfigurationFault]) {
        self.list = list
    }

    public var faults: [any Fault] { list }
    public var kind: FaultKind { list.first?.kind ?? .configuration }
    public var place: FaultPlace? { list.first?.place }
    public var facts: String { list.first?.facts ?? "" }
    public var hint: String? { list.first?.hint }
}
