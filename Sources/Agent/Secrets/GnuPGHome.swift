// SPDX-License-Identifier: Apache-2.0

import Files

/// The keys of a GnuPG home directory. Settings (`gpg.conf`, `gpg-agent.conf`), which name programs, are none.
///
/// Source: gpg(1) and gpg-agent(1), "FILES": `secring.gpg` until 2.0, `private-keys-v1.d/<keygrip>.key` since 2.1.
enum GnuPGHome {
    private static let privateKeys = "private-keys-v1.d"
    private static let rings = ["pubring.kbx", "pubring.gpg", "trustdb.gpg"]
    /// More keys than anybody backs up with.
    private static let keyLimit = 100

    /// Whether a name below a user's home is that of a key or keyring.
    static func isKeyName(_ name: String) -> Bool {
        let pieces = name.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.first == ".gnupg" else { return false }
        switch pieces.count {
        case 2: return pieces[1] == "secring.gpg" || rings.contains(String(pieces[1]))
        case 3:
            return pieces[1] == privateKeys && pieces[2].hasSuffix(".key") && !pieces[2].hasPrefix(".")
        default: return false
        }
    }

    /// Those that are there, and private keys that are only sealed yet: their names no script says. Blocks.
    static func keyFiles(
        in home: String, readBy user: UserAccount, besides sealed: Set<String> = []
    ) -> [KeyFile] {
        let directory = "\(home)/\(privateKeys)"
        let there = ((try? FileSystem.list(directory)) ?? []).filter { $0.hasSuffix(".key") }
        let coming = sealed.compactMap { $0.path(below: directory) }
            .filter { $0.hasSuffix(".key") && !$0.contains("/") && !there.contains($0) }
        return (there.prefix(keyLimit) + coming.sorted().prefix(keyLimit))
            .map { KeyFile(path: "\(directory)/\($0)", need: .anyOf) }
            + rings.map { KeyFile(path: "\(home)/\($0)", need: .ifPresent) }
    }
}
