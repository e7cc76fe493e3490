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

    /// `file:line: NAME: read, kept, not used by this version`, or why there is nothing to do.
    public var description: String {
        let parameter = name.split(separator: " ").last.map { canonicalKeyword(String($0)) } ?? ""
        return "\(place): \(name): \(Self.reasons[parameter] ?? "read, kept, not used by this version")"
    }

    /// For parameters that ask for what is never needed here.
    private static let reasons = [
        "part-cache-type": "has no effect: no part is ever written twice, so none is cached",
        "part-cache-dir": "has no effect: no part is ever written twice, so none is cached",
        "part-cache-max-size": "has no effect: no part is ever written twice, so none is cached",
        "eject-volume": "has no effect: nothing can be ejected",
        "taper-parallel-write": "has no effect: dumps that run at the same time share a volume",
    ]
}
