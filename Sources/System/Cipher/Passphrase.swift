// SPDX-License-Identifier: Apache-2.0

/// A passphrase as bytes, which never prints itself: description, debug description and reflection give `<secret>`.
public struct Passphrase: Sendable, Equatable {
    let bytes: [UInt8]

    /// The first line of a passphrase file, as `openssl -pass fd:N` takes it: at most 1023 bytes, up to the line end or a NUL.
    public init(firstLineOf file: [UInt8]) {
        bytes = Array(file.prefix(1023).prefix { $0 != 10 && $0 != 0 })
    }

    /// Nothing is encrypted with an empty one.
    public var isEmpty: Bool { bytes.isEmpty }
}

extension Passphrase: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    public var description: String { "<secret>" }

    /// Always `<secret>`.
    public var debugDescription: String { "<secret>" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
