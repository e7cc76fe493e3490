// SPDX-License-Identifier: Apache-2.0

import Certificates
import NearestName

/// Which certificates the argument of `amfleet revoke` means.
struct RevocationTargets: Equatable {
    /// Those that are revoked by it now, each with whose it is, where that is known.
    var certificates: [Certificate] = []
    /// Serials of those that it names and that were revoked before.
    var before: [String] = []
    /// The node that loses every certificate of its own.
    var node: String?
    /// Nodes that were asked for and of which no certificate is known.
    var unknownNodes: [String] = []

    struct Certificate: Equatable, Encodable {
        var serial: String
        /// URI and common name; nil: no certificate of that serial is known here.
        var name: String?
    }

    /// - Parameters:
    ///   - who: `coordinator`, the name of a node or an observer, or a serial.
    ///   - issued: every certificate that is known.
    ///   - own: the serial of the coordinator's present one. `coordinator` means all others.
    ///   - authorities: serials of the cluster's own, which no list of theirs takes back.
    ///   - now: seconds since 1970: what has expired needs no revocation.
    /// - Throws: `CoordinatorError.nothingToRevoke`, `.revokesItself`, `.revokesAuthority`
    init(
        _ who: String, among issued: [IssuedCertificate], revoked: RevocationLists, own: String,
        authorities: [String] = [], now: Int64
    ) throws(CoordinatorError) {
        let names = issued.map(\.label)
        let named = issued.filter { $0.label == who }
        let meant: [Certificate]
        if !named.isEmpty {
            let others = named.filter { $0.serial != own }
            guard !others.isEmpty else { throw .revokesItself(serial: own) }
            let living = others.filter { $0.notAfter >= now }
            meant = living.map { Certificate(serial: $0.serial, name: $0.described) }
            if named.contains(where: { $0.isNode }) { node = who }
        } else if let serial = CertificateSerial.text(who), serial.utf8.count >= 8 {
            guard serial != own else { throw .revokesItself(serial: own) }
            guard !authorities.contains(serial) else { throw .revokesAuthority(serial: serial) }
            let known = issued.first { $0.serial == serial }
            meant = [Certificate(serial: serial, name: known?.described)]
        } else {
            throw .nothingToRevoke(who, nearest: nearestName(to: who, among: Array(Set(names)).sorted()))
        }
        certificates = meant.filter { !revoked.isRevoked($0.serial) }
        before = meant.map(\.serial).filter(revoked.isRevoked)
    }

    /// Every certificate of these nodes that has not expired.
    init(nodes: [String], among issued: [IssuedCertificate], revoked: RevocationLists, now: Int64) {
        let named = issued.filter { $0.isNode && nodes.contains($0.label) }
        let living = named.filter { $0.notAfter >= now }
        certificates = living.filter { !revoked.isRevoked($0.serial) }.map {
            Certificate(serial: $0.serial, name: $0.described)
        }
        before = living.map(\.serial).filter(revoked.isRevoked)
        let known = Set(named.map(\.label))
        unknownNodes = nodes.filter { !known.contains($0) }
    }

    /// What of it is still to be revoked: another's list may have come between.
    func left(by revoked: RevocationLists) -> RevocationTargets {
        var left = self
        left.certificates = certificates.filter { !revoked.isRevoked($0.serial) }
        return left
    }
}

extension IssuedCertificate {
    fileprivate var peer: PeerName? { try? PeerName(uri: uri) }

    var isCoordinator: Bool { peer?.role == .coordinator }

    fileprivate var isNode: Bool { if case .node = peer?.role { true } else { false } }

    /// By what `revoke` knows it; empty: of nobody.
    fileprivate var label: String {
        switch peer?.role {
        case .node(let name): name
        case .coordinator: "coordinator"
        case .observer: String(commonName.split(separator: " ").last ?? "")
        case nil: ""
        }
    }

    fileprivate var described: String {
        if case .observer = peer?.role { return "\(uri) (\(commonName))" }
        return uri
    }
}
