// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Sealing
import Secret

/// `amfleet init`: a cluster's authority, the coordinator's certificate and a `cluster.json`.
///
/// An authority that lies there already, certificate and key, is gone on with: so a coordinator that was lost comes back, and its nodes and
/// its place in the bucket know it again.
public struct ClusterFounding: Sendable {
    /// What was written.
    public struct Report: Sendable, Encodable {
        public var cluster: String
        public var files: [String]
        /// The authority was there before.
        public var goesOn = false
        /// Where the recovery kit was written; nil: none was made.
        public var kit: String?
        /// It lies in the cluster's directory, where it should not stay.
        public var isKitBesideFile = false
        /// The operator wants no recovery key.
        public var isWithoutRecoveryKey = false
    }

    let settings: ClusterSettings
    let directory: String
    let recovery: RecoveryKeyMaking?

    /// - Parameters:
    ///   - settings: without nodes; paths of TLS files relative to `directory`.
    ///   - directory: made if need be.
    ///   - recovery: the key that is made; nil: none.
    public init(_ settings: ClusterSettings, directory: String, recovery: RecoveryKeyMaking? = nil) {
        self.settings = settings
        self.directory = directory
        self.recovery = recovery
    }

    /// Cut short at any point it is run again: what it has left is taken away first (`FoundingMark`).
    ///
    /// - Throws: `CoordinatorError.alreadyThere` before anything is written; `SettingsError` for settings that the
    ///   file could not hold.
    public func found() throws -> Report {
        let file = ClusterFile(
            path: directory == "." ? "cluster.json" : "\(directory)/cluster.json", settings: settings)
        // What was given on the command line must be what a reader accepts.
        _ = try ClusterSettings(parsing: Array(settings.text.utf8), file: file.path)
        if try FoundingMark.isThere(file), let whole = try unfinished(file) { return whole }
        _ = try requireFree(file)
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let lock = try FileLock(ClusterFile.lockPath(file.path), waitingAtMost: Self.patience)
        let report = try found(file, goesOn: requireFree(file))
        _ = consume lock
        return report
    }

    private static let patience = Duration.seconds(10)

    /// Ends what an earlier attempt has begun.
    ///
    /// - Returns: nil where that was to take it away; else the cluster is founded.
    private func unfinished(_ file: ClusterFile) throws -> Report? {
        let lock = try FileLock(ClusterFile.lockPath(file.path), waitingAtMost: Self.patience)
        guard let mark = try FoundingMark.read(file) else { return nil }
        let isWhole = mark.isWhole(file, kit: recovery?.kitPath)
        try mark.undo(file)
        _ = consume lock
        return isWhole ? try report(ClusterFile.load(file.path), mark.paths, goesOn: false) : nil
    }

    private func report(_ file: ClusterFile, _ paths: [String], goesOn: Bool) -> Report {
        let kit = recovery.map { CoordinatorFiles.absolute($0.kitPath) }
        return Report(
            cluster: settings.cluster, files: paths.filter { CoordinatorFiles.absolute($0) != kit },
            goesOn: goesOn,
            kit: recovery?.kitPath, isKitBesideFile: recovery.map { file.holds($0.kitPath) } ?? false,
            isWithoutRecoveryKey: settings.recovery == [])
    }

    /// - Returns: whether an authority is there to go on with.
    private func requireFree(_ file: ClusterFile) throws -> Bool {
        let tls = settings.tls
        let authorityPaths = [tls.authority, tls.authorityKey].map(file.resolve)
        let goesOn = try authorityPaths.allSatisfy { try FileSystem.isPresent($0) }
        let paths =
            [file.path] + (goesOn ? [] : authorityPaths)
            + [tls.certificate, tls.privateKey].map(file.resolve) + [recovery?.kitPath].compactMap(\.self)
        if let taken = try paths.first(where: { try FileSystem.isPresent($0) }) {
            throw CoordinatorError.alreadyThere(path: taken)
        }
        return goesOn
    }

    private func found(_ file: ClusterFile, goesOn: Bool) throws -> Report {
        var file = file
        // A cluster that goes on has its id in the bucket.
        if !goesOn { file.settings.clusterID = ClusterID.make() }
        let contents = try contents(&file, goesOn: goesOn)
        let mark = FoundingMark(contents.map { ($0.path, Array($0.text.plaintext.utf8)) })
        try mark.keep(file)
        do {
            for content in contents { try content.write() }
        } catch {
            // A kit of a cluster that never was would only be mistaken for another.
            try? mark.undo(file)
            throw error
        }
        try FoundingMark.end(file)
        return report(file, contents.map(\.path), goesOn: goesOn)
    }

    /// One file that is written.
    private struct Content {
        let path: String
        let text: Secret
        var mode: UInt32 = 0o644

        func write() throws {
            try FileSystem.writeExclusively(path, Array(text.plaintext.utf8), mode: mode)
        }
    }

    /// Everything that is written, in this order: the kit first of all, since what is sealed to a key that nobody has is lost, and
    /// `cluster.json` last.
    private func contents(_ file: inout ClusterFile, goesOn: Bool) throws -> [Content] {
        let tls = settings.tls
        var authority = try goesOn ? found(at: file) : CertificateAuthority.create(cluster: settings.cluster)
        authority.ledger = file.ledgerPath
        let kit = try recovery?.newKit(file.settings, authorities: authorities(file, authority, goesOn))
        let coordinator = try authority.issue(.coordinator)
        var contents: [Content] = []
        if let kit, let recovery {
            contents.append(Content(path: recovery.kitPath, text: kit.text, mode: 0o600))
        }
        if !goesOn {
            contents += [
                Content(path: file.resolve(tls.authorityKey), text: authority.privateKeyPEM, mode: 0o600),
                Content(path: file.resolve(tls.authority), text: Secret(authority.certificatePEM)),
            ]
        }
        contents += [
            Content(path: file.resolve(tls.privateKey), text: coordinator.privateKeyPEM, mode: 0o600),
            Content(path: file.resolve(tls.certificate), text: Secret(coordinator.certificatePEM)),
        ]
        if let kit {
            let (setting, isThere) = try file.name(for: kit.certificate)
            if !isThere {
                contents.append(Content(path: file.resolve(setting), text: Secret(kit.certificate.pem)))
            }
            file.settings.recovery = [setting]
        }
        contents.append(Content(path: file.path, text: Secret(file.settings.text)))
        return contents
    }

    private func authorities(
        _ file: ClusterFile, _ authority: CertificateAuthority, _ goesOn: Bool
    ) throws -> [CertificateFacts] {
        goesOn ? try file.authorities().authorities : [try CertificateFacts(pem: authority.certificatePEM)]
    }

    private func found(at file: ClusterFile) throws -> CertificateAuthority {
        let authority = try file.authority()
        guard authority.cluster == settings.cluster else {
            throw CoordinatorError.unusableName(
                what: "the cluster's name",
                fault:
                    "is '\(settings.cluster)', but '\(file.resolve(settings.tls.authority))' is the authority of '\(authority.cluster)'"
            )
        }
        return authority
    }
}
