// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with an `amanda.conf` or a `disklist`. It never quotes a property's value.
public struct ConfigurationFault: Sendable, Hashable, CustomStringConvertible {
    /// The line to look at.
    public let place: ConfigurationPlace
    /// What is wrong there, without the place.
    public let what: String
    /// What to do, as a sentence, if there is something better than to read the line.
    public let hint: String?

    /// A fault at a place.
    public init(_ place: ConfigurationPlace, _ what: String, hint: String? = nil) {
        self.place = place
        self.what = what
        self.hint = hint
    }

    public var description: String {
        hint.map { "\(place): \(what)\nhint: \($0)" } ?? "\(place): \(what)"
    }
}

/// Everything that one pass over a configuration found wrong, in the order of the lines.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// At least one.
    public let faults: [ConfigurationFault]

    /// All that was found in one pass.
    public init(_ faults: [ConfigurationFault]) {
        self.faults = faults
    }

    public var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}

/// A parameter that stands in the configuration and has no effect here.
public struct UnusedParameter: Sendable, Hashable, CustomStringConvertible {
    /// Where it stands.
    public let place: ConfigurationPlace
    /// Its name in Amanda's spelling, after the definition that holds it: `dumptype normal: holdingdisk`.
    public let name: String

    /// `file:line: NAME: read, kept, not used by this version`.
    public var description: String {
        "\(place): \(name): read, kept, not used by this version"
    }
}
