// SPDX-License-Identifier: Apache-2.0

/// Asks a node to bring the `no-reuse` marks of these configurations' tapelists into line with the pins (`POST /v1/pins`).
public struct PinRequest: Codable, Sendable, Equatable {
    public var format: Int
    public var configurations: [String]
    public var protection: RunProtection

    public init(configurations: [String], protection: RunProtection) {
        format = WireJSON.format
        self.configurations = configurations
        self.protection = protection
    }
}

/// What a node has marked.
public struct NodePins: Codable, Sendable, Equatable {
    public var format: Int
    public var node: String
    public var configurations: [ConfigurationPins]

    public init(node: String, configurations: [ConfigurationPins]) {
        format = WireJSON.format
        self.node = node
        self.configurations = configurations
    }
}

/// What changed in one configuration's tapelist.
public struct ConfigurationPins: Codable, Sendable, Equatable, Failable {
    public var name: String
    /// Labels that are `no-reuse` now.
    public var marked: [String]
    /// Labels that may be written again, as far as pins are concerned.
    public var freed: [String]
    /// Why the tapelist could not be changed.
    public var error: WireError?
    public var errors: [WireError]?

    public init(name: String, marked: [String] = [], freed: [String] = []) {
        self.name = name
        self.marked = marked
        self.freed = freed
    }
}
