// SPDX-License-Identifier: Apache-2.0

/// What a child finds at a path in the place of what lies there: in memory, and for that child and what it starts alone.
///
/// Its description and its mirror never show the content.
public struct ChildFile: Sendable, Equatable {
    /// Absolute, of a regular file that is there; its last name is no link.
    public let path: String
    /// All of it.
    public let content: [UInt8]
    /// Numeric ids of its owner and group.
    public let userID: UInt32
    public let groupID: UInt32
    /// Permission bits.
    public let mode: UInt32

    /// A file by its parts.
    public init(path: String, content: [UInt8], userID: UInt32, groupID: UInt32, mode: UInt32) {
        self.path = path
        self.content = content
        self.userID = userID
        self.groupID = groupID
        self.mode = mode
    }
}

extension ChildFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The path and how long the content is.
    public var description: String { "\(path) (\(content.count) bytes)" }

    /// The same.
    public var debugDescription: String { description }

    /// A mirror without the content.
    public var customMirror: Mirror {
        Mirror(self, children: ["path": path, "byteCount": content.count])
    }
}
