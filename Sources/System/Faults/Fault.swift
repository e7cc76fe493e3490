// SPDX-License-Identifier: Apache-2.0

/// An error whose parts can be had one by one. Text is made of them where it leaves the program, and never taken apart.
public protocol Fault: Error, Sendable, CustomStringConvertible {
    var kind: FaultKind { get }
    /// What else it keeps from being done.
    var reach: FaultReach { get }
    /// What failed, on what, with the values, without the place: lower case, no full stop.
    var facts: String { get }
    /// The line or file to look at.
    var place: FaultPlace? { get }
    /// What to do, in the imperative, with a full stop.
    var hint: String? { get }
    /// Each single fault: the error itself, unless it stands for several. Never empty.
    var faults: [any Fault] { get }
    /// The place and the facts: all but the hint.
    var headline: String { get }
}

extension Fault {
    public var kind: FaultKind { .failed }
    public var reach: FaultReach { .itself }
    public var place: FaultPlace? { nil }
    public var hint: String? { nil }
    public var faults: [any Fault] { [self] }

    public var headline: String { lead(place, facts) }

    /// The headline, then a line `hint: …`; of several faults one after the other.
    public var description: String {
        let all = faults
        guard all.count > 1 else { return FaultText(headline, hint: hint).description }
        return all.map(\.description).joined(separator: "\n")
    }
}

/// Several faults that end the same thing. Speaks as its first where only one can be taken.
public struct FaultList: Fault {
    public let faults: [any Fault]
    private let first: any Fault

    /// What an error has, if it has anything.
    public init?(_ faults: [any Fault]) {
        guard let first = faults.first else { return nil }
        self.first = first
        self.faults = faults
    }

    public var kind: FaultKind { first.kind }
    public var reach: FaultReach { first.reach }
    public var facts: String { first.facts }
    public var place: FaultPlace? { first.place }
    public var hint: String? { first.hint }
    public var headline: String { first.headline }
}

/// `place: text`, or the text alone.
func lead(_ place: FaultPlace?, _ text: String) -> String {
    let place = place?.description ?? ""
    return place.isEmpty ? text : "\(place): \(text)"
}
