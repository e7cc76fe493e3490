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

    struct Certificate: Equatable, Encodable {
        var serial: String
        /// URI and common name; nil: no certificate of that serial is known here.
        var name: String?
    }

    /// - Parameters:
    ///   - who: `coordinator`, the name of a node or an observer, or a serial.
    ///   - issued: every certificate that is known.
    ///   - own: the serial of the coordinator's present one. `coordinator` means all others.
    ///   - now: seconds since 1970: what has expired needs no revocation.
    /// - Throws: `CoordinatorError.nothingToRevoke`, `.revokesItself`
    init(
        _ who: String, among issued: [IssuedCertificate], revoked: RevocationLists, own: String, now: Int64
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
            let known = issued.first { $0.serial == serial }
            meant = [Certificate(serial: serial, name: known?.described)]
        } else {
            throw .nothingToRevoke(who, nearest: nearestName(to: who, among: Array(Set(names)).sorted()))
        }
        certificates = meant.filter { !revoked.isRevoked($0.serial) }
        before = meant.map(\.serial).filter(revoked.isRevoked)
    }
}

extension IssuedCertificate {
    fileprivate var peer: PeerName? { try? PeerName(uri: uri) }

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
