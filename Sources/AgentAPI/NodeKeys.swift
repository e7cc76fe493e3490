// SPDX-License-Identifier: Apache-2.0

/// Asks a node to make Amanda's encryption key for the dumpusers of these configurations (`POST /v1/keys`).
public struct KeyRequest: Codable, Sendable, Equatable {
    var format: Int
    public var configurations: [String]

    public init(configurations: [String]) {
        format = WireJSON.format
        self.configurations = configurations
    }
}

/// The keys that a node has made and proved. Where they lie, never what they are: they do not leave the node.
public struct NodeKeys: Codable, Sendable, Equatable {
    var format: Int
    public var node: String
    public var keys: [NodeKey]

    public init(node: String, keys: [NodeKey]) {
        format = WireJSON.format
        self.node = node
        self.keys = keys
    }
}

/// One dumpuser's key and passphrase.
public struct NodeKey: Codable, Sendable, Equatable {
    public var user: String
    /// `am_key.gpg`: 65 random lines, encrypted with the passphrase.
    public var keyPath: String
    /// `.am_passphrase`
    public var passphrasePath: String

    public init(user: String, keyPath: String, passphrasePath: String) {
        self.user = user
        self.keyPath = keyPath
        self.passphrasePath = passphrasePath
    }
}
