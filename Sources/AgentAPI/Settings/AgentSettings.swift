// SPDX-License-Identifier: Apache-2.0

public import Logging

/// A node's own settings: `/etc/amfleet/agent.json`.
///
/// Shape: the object that `amfleet node add` writes; every path is absolute here, relative ones in the file being
/// relative to the file's directory. Nothing in it is secret: it names the files that are.
public struct AgentSettings: Sendable, Hashable {
    /// This node's name, in the certificate and in the bucket.
    public var node: String
    /// The cluster it belongs to.
    public var cluster: String
    /// Where the agent listens.
    public var listen: ListenAddress
    /// Who it is, and whom it believes.
    public var tls: IdentityFiles
    /// What reaching the store takes beyond what a job says.
    public var storage: StorageAccess
    /// Holds one directory a configuration, as Amanda's own `/etc/amanda` does.
    public var amandaDirectory: String
    /// Holds the agent's jobs, its upload journal and its lock.
    public var stateDirectory: String
    /// From which level on the agent logs.
    public var logLevel: Logger.Level
    /// The file that says all this, absolute; nil: none does.
    public var file: String?

    /// Where the packages put things when the file does not say.
    public static let defaultFile = "/etc/amfleet/agent.json"
    static let defaultListen = "0.0.0.0:7443"
    public static let defaultAmandaDirectory = "/etc/amanda"
    public static let defaultStateDirectory = "/var/lib/amfleet"
    public static let defaultLogLevel = Logger.Level.info

    public init(
        node: String, cluster: String, listen: ListenAddress, tls: IdentityFiles, storage: StorageAccess,
        amandaDirectory: String = Self.defaultAmandaDirectory,
        stateDirectory: String = Self.defaultStateDirectory, logLevel: Logger.Level = Self.defaultLogLevel
    ) {
        self.node = node
        self.cluster = cluster
        self.listen = listen
        self.tls = tls
        self.storage = storage
        self.amandaDirectory = amandaDirectory
        self.stateDirectory = stateDirectory
        self.logLevel = logLevel
    }
}

extension AgentSettings {
    /// PEM files: the CA of the cluster, this node's certificate and its private key.
    public struct IdentityFiles: Sendable, Hashable {
        public var authority: String
        public var certificate: String
        public var privateKey: String

        public init(authority: String, certificate: String, privateKey: String) {
            self.authority = authority
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// How this node reaches the store that a job names.
    public struct StorageAccess: Sendable, Hashable {
        /// Shared credentials file (AWS's form) that comes before every other source; nil: the other sources only.
        public var credentialsFile: String?
        /// CA file for an `https` endpoint whose certificate the system does not know.
        public var authority: String?
        /// Overrides the job's addressing style.
        public var addressing: StorageAddress.Addressing?

        public init(
            credentialsFile: String? = nil, authority: String? = nil,
            addressing: StorageAddress.Addressing? = nil
        ) {
            self.credentialsFile = credentialsFile
            self.authority = authority
            self.addressing = addressing
        }
    }

    /// `host:port`; an IPv6 address stands in brackets. Port 0 lets the kernel choose.
    public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// - Returns: nil unless `text` is a host, a colon and a port.
        public init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":") else { return nil }
            let host = text[..<colon]
            let digits = text[text.index(after: colon)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }),
                let port = UInt16(digits)
            else { return nil }
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            let bare = isBracketed ? host.dropFirst().dropLast() : host
            guard !bare.isEmpty, isBracketed || !bare.contains(":"),
                !bare.utf8.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") })
            else { return nil }
            self.init(host: String(bare), port: Int(port))
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }
}
