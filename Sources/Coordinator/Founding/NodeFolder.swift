// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Secret

/// The folder of one node's identity, which is copied to it as `/etc/amfleet`: there as a whole or not at all. Everything here blocks.
struct NodeFolder {
    let path: String
    let node: String

    /// Where the coordinator keeps it.
    init(_ file: ClusterFile, node: String) {
        self.init(path: file.resolve("nodes/\(node)"), node: node)
    }

    init(path: String, node: String) {
        self.path = path
        self.node = node
    }

    var isThere: Bool { FileSystem.exists(path) }
    private var certificate: String { "\(node).pem" }
    private var privateKey: String { "\(node).key" }
    private static let (authority, settings) = ("ca.pem", "agent.json")

    /// Writes it under another name and gives it its own at the end.
    ///
    /// - Parameter settings: `agent.json`; nil: none.
    /// - Returns: the files.
    /// - Throws: `CoordinatorError.alreadyThere`
    func write(_ identity: IssuedIdentity, authority: String, settings: String?) throws -> [String] {
        guard try !FileSystem.isPresent(path) else { throw CoordinatorError.alreadyThere(path: path) }
        var files: [(name: String, text: String, mode: UInt32)] = [
            (Self.authority, authority, 0o644), (certificate, identity.certificatePEM, 0o644),
            (privateKey, identity.privateKeyPEM.plaintext, 0o600),
        ]
        if let settings { files.append((Self.settings, settings, 0o644)) }
        let parent = FileSystem.parentDirectory(of: path)
        try FileSystem.makeDirectories(parent, mode: 0o700)
        // What a killed command has left has no name of a node: a label holds no dot.
        let unfinished = "\(path).unfinished"
        try FileSystem.removeTree(unfinished)
        try FileSystem.makeDirectories(unfinished, mode: 0o700)
        for file in files {
            try FileSystem.writeAtomically(
                "\(unfinished)/\(file.name)", Array(file.text.utf8), mode: file.mode)
        }
        try FileSystem.rename(unfinished, to: path)
        try FileSystem.synchroniseDirectory(parent)
        return self.files(hasSettings: settings != nil)
    }

    /// Of a folder that is whole.
    func files(hasSettings: Bool) -> [String] {
        ([Self.authority, certificate, privateKey] + (hasSettings ? [Self.settings] : [])).map {
            "\(path)/\($0)"
        }
    }

    /// Why it is not to be copied to a machine as it is; nil: it is. What it says in `agent.json` is its owner's business, unless
    /// `settings` are given.
    func fault(
        of cluster: String, authorities: AuthorityBundle, revoked: RevocationLists, now: Int64,
        settings: String? = nil
    ) -> String? {
        do {
            let facts = try CertificateFacts(contentsOf: "\(path)/\(certificate)")
            let key = Secret(String(decoding: try bytes(of: privateKey), as: UTF8.self))
            let believed = try AuthorityBundle(contentsOf: "\(path)/\(Self.authority)")
            guard try facts.peerName == PeerName(cluster: cluster, role: .node(node)) else {
                return "its certificate is another's"
            }
            guard try facts.isOf(key) else { return "key and certificate do not belong together" }
            if revoked.isRevoked(facts.serial) { return "its certificate is revoked" }
            if facts.notAfter < now { return "its certificate has expired" }
            guard authorities.issuer(of: facts) != nil,
                authorities.authorities.allSatisfy(believed.authorities.contains)
            else { return "the cluster's authority is another since" }
            let present = try bytes(of: Self.settings)
            if let settings, present != Array(settings.utf8) { return "its agent.json is for something else" }
            return nil
        } catch {
            return "\((error as? any Fault)?.facts ?? "\(error)")"
        }
    }

    /// Gives it a name at which nobody looks for a node, and which is not taken.
    ///
    /// - Returns: where it is now.
    func moveAside() throws -> String {
        var number = 1
        while try FileSystem.isPresent(aside(number)) { number += 1 }
        try FileSystem.rename(path, to: aside(number))
        return aside(number)
    }

    private func aside(_ number: Int) -> String { "\(path).old" + (number == 1 ? "" : "-\(number)") }

    private func bytes(of name: String) throws -> [UInt8] {
        try FileSystem.readAll("\(path)/\(name)", limit: 1 << 20)
    }
}
