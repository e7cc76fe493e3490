// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// The files that make this machine the cluster's coordinator, as they lie here now: what is sealed, and what a rebuilt one needs.
/// Everything here blocks.
struct CoordinatorFiles: Sendable {
    /// The list of what was issued grows by a line a certificate: some 100,000 of them fit.
    private static let byteCountLimit = 8 << 20

    let file: ClusterFile

    init(_ file: ClusterFile) {
        self.file = file
    }

    /// What is there of it: the authority's key only where it is kept here.
    ///
    /// - Throws: `FilesError` for one that is there and cannot be read.
    func read() throws -> [SealedFile] {
        var seen: Set<String> = []
        return try places.compactMap { place in
            guard seen.insert(place.path).inserted, try FileSystem.isPresent(place.path) else { return nil }
            return try Self.sealed(place)
        }
    }

    struct Place: Sendable {
        /// Absolute.
        let path: String
        let kind: SealedFile.Kind
    }

    var places: [Place] {
        let (tls, storage) = (file.settings.tls, file.settings.storage)
        let authorities = FileSystem.parentDirectory(of: file.authorityPath)
        let ofAuthority =
            [tls.authority, tls.authorityKey].map(file.resolve)
            + [file.formerAuthorityPath] + AuthorityRollOver.files.map { "\(authorities)/\($0)" }
        let settings =
            [file.path]
            + ([tls.certificate, tls.privateKey, storage.authority].compactMap(\.self)
            + (file.settings.recovery ?? [])).map(file.resolve)
            + [file.ledgerPath, RevocationKeeper.path(file)]
        return settings.map { Place(path: Self.absolute($0), kind: .settings) }
            + ofAuthority.map { Place(path: Self.absolute($0), kind: .authority) }
            + [storage.credentialsFile].compactMap(\.self).map {
                Place(path: Self.absolute(file.resolve($0)), kind: .credentials)
            }
    }

    /// With its directory as it really is; the file itself may be a link.
    static func absolute(_ path: String) -> String {
        let parent = FileSystem.realPath(FileSystem.parentDirectory(of: path))
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return parent == "/" ? "/\(name)" : "\(parent)/\(name)"
    }

    private static func sealed(_ place: Place) throws -> SealedFile {
        let real = FileSystem.realPath(place.path)
        guard let status = try FileSystem.status(real), status.kind == .regular else {
            throw CoordinatorError.unreadable(path: place.path, reason: "it is no file")
        }
        return SealedFile(
            path: place.path, kind: place.kind, mode: Int(status.mode & 0o777), user: "", group: "",
            userID: Int(status.owner.userID), groupID: Int(status.owner.groupID),
            content: try FileSystem.readAll(real, limit: byteCountLimit))
    }
}
