// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import FoundationEssentials
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
        /// All of it was there: an earlier attempt has made it.
        public var wasThere: Bool?
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

    /// Issues the node's identity and enters it in `cluster.json`, in this order: a name that is there has a folder. A folder that an
    /// earlier attempt has left for this very address is gone on with.
    public mutating func add(
        _ name: String, _ address: String, _ options: Options = Options(), authorityKey: String? = nil
    ) throws -> Added {
        if let fault = ClusterName.nodeFault(name) {
            throw CoordinatorError.unusableName(what: "the node's name", fault: fault)
        }
        let parsed = try Self.address(address)
        if let listen = options.listen { try Self.checkListen(listen) }
        return try changing { roster in
            let folder = NodeFolder(roster.file, node: name)
            let settings = Self.agentSettings(name, parsed, cluster: roster.file.settings.cluster, options)
            let isUsable = try folder.isThere && roster.fault(of: folder, settings: settings) == nil
            var added = Added(
                node: name, address: parsed.description, folder: folder.path,
                files: folder.files(hasSettings: true))
            let isKnown = roster.file.settings.nodes.contains { $0.name == name && $0.address == parsed }
            if isKnown, isUsable {
                added.wasThere = true
                return added
            }
            try roster.requireFree(name, parsed)
            if !isUsable { _ = try roster.write(folder, authorityKey, settings: settings) }
            roster.file.settings.nodes.append(.init(name: name, address: parsed))
            try roster.file.save()
            return added
        }
    }

    private func requireFree(_ name: String, _ address: AgentAddress) throws {
        guard !file.settings.nodes.contains(where: { $0.name == name }) else {
            throw CoordinatorError.nodeKnown(name, file: file.path)
        }
        if let fault = try Self.observerFault(name, among: file.issuedCertificates()) {
            throw CoordinatorError.unusableName(what: "the node's name", fault: fault)
        }
        if let owner = file.settings.nodes.first(where: { $0.address == address }) {
            throw CoordinatorError.unusableName(
                what: "the node's address", fault: "is '\(address)', as \(owner.name)'s is")
        }
    }

    /// Why a folder that lies there is not this node's to use; nil: it is.
    private func fault(of folder: NodeFolder, settings: String) throws -> String? {
        folder.fault(
            of: file.settings.cluster, authorities: try file.authorities(),
            revoked: try RevocationKeeper(file).lists, now: Int64(Date().timeIntervalSince1970),
            settings: settings)
    }

    /// Changes `cluster.json` as it is now: another command may have changed it since it was read, and none writes a folder meanwhile.
    mutating func changing<Value>(_ step: (inout NodeRoster) throws -> Value) throws -> Value {
        let (now, value) = try ClusterFile.changing(file.path) { file in
            var roster = NodeRoster(file)
            let value = try step(&roster)
            return (roster, value)
        }
        self = now
        return value
    }

    /// Why a new node cannot have the name: an observer has it. nil: none has.
    static func observerFault(_ name: String, among issued: [IssuedCertificate]) -> String? {
        let observer = CertificateAuthority.observerName(name)
        guard issued.contains(where: { $0.commonName == observer }) else { return nil }
        return "is '\(name)', which is an observer's: 'amfleet revoke' goes by it"
    }

    /// Gives a node its folder, where it needs one.
    ///
    /// - Returns: where the old folder is now; nil: there was none, or it stays.
    func prepare(_ step: RosterPlan.Step, _ options: Options, authorityKey: String?) throws -> String? {
        guard !step.usesFolder else { return nil }
        let folder = NodeFolder(file, node: step.name)
        let movedAside = folder.isThere ? try folder.moveAside() : nil
        let settings = Self.agentSettings(step.name, step.address, cluster: file.settings.cluster, options)
        _ = try write(folder, authorityKey, settings: settings)
        return movedAside
    }

    /// Enters nodes whose folders are there, all at once: two may have changed their addresses for each other's. In `changing`.
    ///
    /// - Returns: those that are left out, since another node that could not be moved has their address still.
    mutating func enter(_ steps: [RosterPlan.Step]) throws -> [String] {
        var (nodes, left, leftOut) = (file.settings.nodes, steps, [String]())
        while true {
            nodes = file.settings.nodes
            for step in left {
                let entry = ClusterSettings.Node(name: step.name, address: step.address)
                if let index = nodes.firstIndex(where: { $0.name == step.name }) {
                    nodes[index].address = step.address
                } else {
                    nodes.append(entry)
                }
            }
            let clashing = left.filter { step in
                nodes.contains { $0.name != step.name && $0.address == step.address }
            }
            guard !clashing.isEmpty else { break }
            leftOut += clashing.map(\.name)
            left.removeAll(where: clashing.contains)
        }
        guard nodes != file.settings.nodes else { return leftOut }
        file.settings.nodes = nodes
        try file.save()
        return leftOut
    }

    /// Writes new files of a node that cannot be reached with its old ones, into a folder to copy to it. Its `agent.json` stays.
    public func renew(_ name: String, folder: String, authorityKey: String? = nil) throws -> Renewed {
        try requireKnown(name)
        let files = try write(NodeFolder(path: folder, node: name), authorityKey, settings: nil)
        return Renewed(node: name, folder: folder, files: files)
    }

    /// - Throws: `CoordinatorError.unknownNode`
    func requireKnown(_ name: String) throws(CoordinatorError) {
        let names = file.settings.nodes.map(\.name)
        guard names.contains(name) else {
            throw .unknownNode(name, nearest: nearestName(to: name, among: names))
        }
    }

    /// - Throws: `CoordinatorError.unusableName`
    static func address(_ text: String) throws(CoordinatorError) -> AgentAddress {
        guard let address = AgentAddress(text) else {
            throw .unusableName(what: "the node's address", fault: "must be HOST:PORT, found '\(text)'")
        }
        return address
    }

    /// - Throws: `CoordinatorError.unusableName`
    static func checkListen(_ text: String) throws(CoordinatorError) {
        guard AgentAddress(text) != nil else {
            throw .unusableName(what: "--listen", fault: "must be HOST:PORT, found '\(text)'")
        }
    }

    /// Takes the node out of `cluster.json`. Its folder, and whatever of it is in the bucket, stays.
    public mutating func remove(_ name: String) throws {
        try changing { roster in
            try roster.requireKnown(name)
            roster.file.settings.nodes.removeAll { $0.name == name }
            try roster.file.save()
        }
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
        _ folder: NodeFolder, _ authorityKey: String?, settings: String?
    ) throws -> [String] {
        // Nothing is signed for a folder that is not written.
        guard !folder.isThere else { throw CoordinatorError.alreadyThere(path: folder.path) }
        let identity = try file.authority(key: authorityKey).issue(.node(folder.node), validity: .spread)
        return try folder.write(
            identity, authority: ClusterFile.text(of: file.authorityPath), settings: settings)
    }
}
