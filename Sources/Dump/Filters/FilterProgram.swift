// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import Files

/// A program that compresses or encrypts from standard input to standard output.
struct FilterProgram: Sendable, Equatable {
    enum Kind: Sendable { case compression, encryption }

    /// Absolute.
    let path: String
    /// The one argument that turns its direction.
    let undoOption: String
    let kind: Kind

    /// The last component, by which programs whose format we know are recognised.
    var name: String { Self.name(of: path) }

    static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// Its call as `user`: the small environment that Amanda's children get, the user's home, no terminal.
    func command(undoing: Bool, as user: UserAccount) -> ChildCommand {
        var environment = ChildCommand.plainEnvironment
        environment["HOME"] = user.home
        environment["USER"] = user.name
        environment["LOGNAME"] = user.name
        return ChildCommand(
            path, undoing ? [undoOption] : [], environment: environment, directory: "/", hasInput: true,
            hasOutput: true, user: user.isOurselves ? nil : ChildUser(user))
    }

    func doing(undoing: Bool) -> String {
        switch (kind, undoing) {
        case (.compression, false): "compress"
        case (.compression, true): "decompress"
        case (.encryption, false): "encrypt"
        case (.encryption, true): "decrypt"
        }
    }

    /// What the stored stream must begin with, of programs whose format is known.
    var magic: [UInt8]? {
        switch name {
        case "amcrypt", "amaespipe": Array("bz2aespipe".utf8)
        case "amcrypt-ossl": Array("Salted__".utf8)
        case "gzip", "pigz": [0x1f, 0x8b]
        case "bzip2", "pbzip2", "lbzip2": Array("BZh".utf8)
        case "xz", "pixz": [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
        case "lz4": [0x04, 0x22, 0x4d, 0x18]
        default: nil
        }
    }

    /// How many bytes it must make of so many, of programs that say nothing when they fail.
    ///
    /// `amcrypt` ends with status 0 whatever aespipe does: 46 bytes of header, then whole blocks of 512.
    /// Source: `/usr/sbin/amaespipe` and `amcrypt-ossl` of Amanda 3.5.1.
    func outputByteCount(ofInput byteCount: Int64) -> Int64? {
        switch name {
        case "amcrypt", "amaespipe": 46 + (byteCount + 511) / 512 * 512
        case "amcrypt-ossl": 16 + (byteCount / 96 + 1) * 96
        default: nil
        }
    }

    /// It encrypts to a public key; the private one need not be on the node.
    var isAsymmetric: Bool { name == "amgpgcrypt" || name == "amcrypt-ossl-asym" }
}

extension UserAccount {
    /// Whether a child needs no other rights than ours.
    var isOurselves: Bool { owner.userID == Self.effectiveUserID }
}

extension ChildUser {
    init(_ account: UserAccount) {
        self.init(
            userID: account.owner.userID, groupID: account.owner.groupID, groupIDs: account.groupIDs)
    }
}
