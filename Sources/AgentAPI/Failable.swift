// SPDX-License-Identifier: Apache-2.0

/// What can fail for several reasons at once: set and read `faults`, which keeps the two fields of the JSON in step.
public protocol Failable {
    /// The first of all reasons.
    var error: WireError? { get set }
    /// All of them, the first included; nil where there is none, and of an older agent.
    var errors: [WireError]? { get set }
}

extension Failable {
    /// Every reason; of an older agent the one that it gave.
    public var faults: [WireError] {
        get {
            guard let errors, !errors.isEmpty else { return [error].compactMap(\.self) }
            return errors
        }
        set {
            error = newValue.first
            errors = newValue.isEmpty ? nil : newValue
        }
    }

    /// The same with these faults.
    public func with(_ faults: [WireError]) -> Self {
        var copy = self
        copy.faults = faults
        return copy
    }
}
