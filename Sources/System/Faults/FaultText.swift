// SPDX-License-Identifier: Apache-2.0

/// What failed and what to do, side by side, as an error's table has them. A literal is facts alone.
public struct FaultText: Hashable, Sendable, ExpressibleByStringInterpolation,
    CustomStringConvertible
{
    public let facts: String
    public let hint: String?

    public init(_ facts: String, hint: String?) {
        self.facts = facts
        self.hint = hint
    }

    /// What another error says, for one that wraps it: its hint is not lost, and stands in no sentence.
    public init(of error: any Error) {
        guard let fault = (error as? any Fault)?.faults.first else {
            self.init("\(error)", hint: nil)
            return
        }
        self.init(fault.headline, hint: fault.hint)
    }

    /// The facts, then a line `hint: …`.
    public var description: String { hint.map { "\(facts)\nhint: \($0)" } ?? facts }

    public init(stringLiteral facts: String) {
        self.init(facts, hint: nil)
    }
}
