// SPDX-License-Identifier: Apache-2.0

import Digest

/// One file that must not be read by whoever reads the bucket: what is in it, where it lay, and whose it was. Its description and its
/// mirror never show the content.
///
/// In JSON the content is base64 in one line.
public struct SealedFile: Codable, Sendable, Hashable {
    /// What a file is to a restore.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A key, passphrase or keyring without which dumps cannot be read.
        case encryption
        /// What opens the store.
        case credentials
        /// Settings of amfleet's own.
        case settings
        /// Of the cluster's authorities and identities.
        case authority
    }

    /// Absolute, without empty parts, `.` and `..`.
    public var path: String
    public var kind: Kind
    /// Permission bits: none above 0o777.
    public var mode: Int
    /// The owner's name; empty where the machine knew none.
    public var user: String
    public var group: String
    public var userID: Int
    public var groupID: Int
    public var content: [UInt8]

    public init(
        path: String, kind: Kind, mode: Int, user: String, group: String, userID: Int, groupID: Int,
        content: [UInt8]
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.user = user
        self.group = group
        self.userID = userID
        self.groupID = groupID
        self.content = content
    }

    private enum Keys: String, CodingKey {
        case path, kind, mode, user, group, userID, groupID, content
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        path = try container.decode(String.self, forKey: .path)
        kind = try container.decode(Kind.self, forKey: .kind)
        mode = try container.decode(Int.self, forKey: .mode)
        user = try container.decode(String.self, forKey: .user)
        group = try container.decode(String.self, forKey: .group)
        userID = try container.decode(Int.self, forKey: .userID)
        groupID = try container.decode(Int.self, forKey: .groupID)
        guard let content = [UInt8](base64: try container.decode(String.self, forKey: .content)) else {
            throw DecodingError.dataCorruptedError(
                forKey: .content, in: container, debugDescription: "it is no base64")
        }
        self.content = content
        if let fault = entry.fault {
            throw DecodingError.dataCorruptedError(
                forKey: .path, in: container, debugDescription: fault.facts)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(path, forKey: .path)
        try container.encode(kind, forKey: .kind)
        try container.encode(mode, forKey: .mode)
        try container.encode(user, forKey: .user)
        try container.encode(group, forKey: .group)
        try container.encode(userID, forKey: .userID)
        try container.encode(groupID, forKey: .groupID)
        try container.encode(content.base64, forKey: .content)
    }

    /// What is in it, as it can be compared without being shown: HMAC-SHA-256, hexadecimal.
    ///
    /// - Parameter key: as `SealedBundle.makeFingerprintKey` gives it.
    public func fingerprint(key: String) -> String { SealedBundle.fingerprint(of: content, key: key) }

    /// All but the content.
    public var entry: SealedManifest.File {
        SealedManifest.File(
            path: path, kind: kind, mode: mode, user: user, group: group, userID: userID, groupID: groupID,
            byteCount: content.count)
    }
}

extension SealedFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(path) (\(kind.rawValue), \(content.count) bytes)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["path": path, "kind": kind.rawValue, "byteCount": content.count])
    }
}
