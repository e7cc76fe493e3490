// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files

/// What commands that were killed have left beside the coordinator's files: files that were about to take another's place, and a folder
/// of a new authority that was not whole yet, or whose files were in place already. Keys may be among them.
///
/// Only while one has the turn (`RenewalLock`). What cannot be removed stays: nobody reads it.
struct CoordinatorLeftovers {
    let file: ClusterFile

    init(_ file: ClusterFile) {
        self.file = file
    }

    func remove() {
        for folder in AuthorityRollOver.leftovers(file) { try? FileSystem.removeTree(folder) }
        let (tls, identity) = (file.settings.tls, file.identityFiles)
        let names =
            [tls.authority, tls.authorityKey].map(file.resolve)
            + (file.settings.recovery ?? []).map(file.resolve)
            + [file.path, file.formerAuthorityPath, file.sealPath, RevocationKeeper.path(file)]
        FileSystem.removeAbandoned(names.map(FileSystem.realPath))
        identity.removeAbandoned(includingOwn: false)
        // The certificate of a recovery key that `cluster.json` does not name yet.
        FileSystem.removeAbandoned(in: file.directory) { $0.hasPrefix("recovery") && $0.hasSuffix(".pem") }
    }
}
