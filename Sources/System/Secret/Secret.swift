// SPDX-License-Identifier: Apache-2.0

/// A key, token or passphrase: a value that never prints itself.
///
/// Description, debug description, reflection and string interpolation all give `<secret>`, and the type is not
/// `Codable`, so it cannot slip into a log, an event, an error or a JSON file. Only what signs or decrypts reads
/// `plaintext`.
public struct Secret: Sendable, Hashable {
    /// What is kept. Never log it, never put it into an argument vector.
    public let plaintext: String

    /// Takes `plaintext` as it is, blanks and line ends included.
    public init(_ plaintext: String) {
        self.plaintext = plaintext
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    public var description: String { "<secret>" }

    /// Always `<secret>`.
    public var debugDescription: String { "<secret>" }

    /// A mirror without children, so that `dump` and the debugger's summary show nothing.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
