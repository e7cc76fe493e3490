// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import NearestName
import Secret

/// `amfleet node add|remove|list`: who belongs to the cluster, and a folder of identity for each.
public struct NodeRoster: Sendable {
    public struct Options: Sendable {
        /// Where the agent listens; nil: its address, or every interface where that is a name.
        public var listen: String?
        public var amandaDirectory: String
        public var stateDirectory: String

        public init(
            listen: String? = nil, amandaDirectory: String = "/etc/amanda",
            stateDirectory: String = "/var/lib/amfleet"
        ) {
            self.listen = listen
            self.amandaDirectory = amandaDirectory
            self.stateDirectory = stateDirectory
        }
    }

    /// What `add` made.
    public struct Added: Sendable, Encodable {
        public var node: String
        public var address: String
        /// Copy it to the node as `/etc/amfleet`.
        public var folder: String
        public var files: [String]
    }

    /// What `renew` made.
    public struct Renewed: Sendable, Encodable {
        public var node: String
        /// Copy it to the node, over the files that are there.
        public var folder: String
        public var files: [String]
    }

    private(set) public var file: ClusterFile

    public init(_ file: ClusterFile) {
        self.file = file
    }

    /// Issues the node's identity and enters it in `cluster.json`, in this order: a name that is there has a folder.
    public mutating func add(
        _ name: String, _ address: String, _ options: Options = Options(), authorityKey: String? = nil
    ) throws -> Added {
        if let fault = ClusterName.nodeFault(name) {
            throw CoordinatorError.unusableName(what: "the node's name", fault: fault)
        }
        guard let parsed = AgentAddress(address) else {
            throw CoordinatorError.unusableName(
                what: "the node's address", fault: "must be HOST:PORT, found '\(address)'")
        }
        if let listen = options.listen, AgentAddress(listen) == nil {
            throw CoordinatorError.unusableName(
                what: "--listen", fault: "must be HOST:PORT, found '\(listen)'")
        }
        guard !file.settings.nodes.contains(where: { $0.name == name }) else {
            throw CoordinatorError.nodeKnown(name, file: file.path)
        }
        if let owner = file.settings.nodes.first(where: { $0.address == parsed }) {
            throw CoordinatorError.unusableName(
                what: "the node's address", fault: "is '\(parsed)', as \(owner.name)'s is")
        }
        let folder = file.resolve("nodes/\(name)")
        guard !FileSystem.exists(folder) else { throw CoordinatorError.alreadyThere(path: folder) }
        let files = try write(
            folder, name: name,
            identity: file.authority(key: authorityKey).issue(.node(name), validity: .spread),
            settings: Self.agentSettings(name, parsed, cluster: file.settings.cluster, options))
        file.settings.nodes.append(.init(name: name, address: parsed))
        try file.save()
        return Added(node: name, address: parsed.description, folder: folder, files: files)
    }

    /// Writes new files of a node that cannot be reached with its old ones, into a folder to copy to it. Its `agent.json` stays.
    public func renew(_ name: String, folder: String, authorityKey: String? = nil) throws -> Renewed {
        let names = file.settings.nodes.map(\.name)
        guard names.contains(name) else {
            throw CoordinatorError.unknownNode(name, nearest: nearestName(to: name, among: names))
        }
        guard !FileSystem.exists(folder) else { throw CoordinatorError.alreadyThere(path: folder) }
        let identity = try file.authority(key: authorityKey).issue(.node(name), validity: .spread)
        return Renewed(
            node: name, folder: folder,
            files: try write(folder, name: name, identity: identity, settings: nil))
    }

    /// Takes the node out of `cluster.json`. Its folder, and whatever of it is in the bucket, stays.
    public mutating func remove(_ name: String) throws {
        let names = file.settings.nodes.map(\.name)
        guard names.contains(name) else {
            throw CoordinatorError.unknownNode(name, nearest: nearestName(to: name, among: names))
        }
        file.settings.nodes.removeAll { $0.name == name }
        try file.save()
    }

    /// `agent.json` as it comes to lie in the folder.
    static func agentSettings(
        _ name: String, _ address: AgentAddress, cluster: String, _ options: Options
    ) -> String {
        let listen = options.listen ?? (address.isNumeric ? address.description : "0.0.0.0:\(address.port)")
        return """
            {
              "format": 1,
              "node": \(quoted(name)),
              "cluster": \(quoted(cluster)),
              "listen": \(quoted(listen)),
              "tls": { "authority": "ca.pem", "certificate": \(quoted("\(name).pem")), "privateKey": \(quoted("\(name).key")) },
              "storage": { "credentialsFile": "s3-credentials" },
              "amandaDirectory": \(quoted(options.amandaDirectory)),
              "stateDirectory": \(quoted(options.stateDirectory))
            }

            """
    }

    private func write(
        _ folder: String, name: String, identity: IssuedIdentity, settings: String?
    ) throws -> [String] {
        let authority = try ClusterFile.text(of: file.authorityPath)
        try FileSystem.makeDirectories(folder, mode: 0o700)
        var files: [(name: String, text: String, mode: UInt32)] = [
            ("ca.pem", authority, 0o644), ("\(name).pem", identity.certificatePEM, 0o644),
            ("\(name).key", identity.privateKeyPEM.plaintext, 0o600),
        ]
        if let settings { files.append(("agent.json", settings, 0o644)) }
        for file in files {
            try FileSystem.writeAtomically("\(folder)/\(file.name)", Array(file.text.utf8), mode: file.mode)
        }
        return files.map { "\(folder)/\($0.name)" }
    }
}
