// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import S3

/// Where sealed files may be put back on this machine.
///
/// A bundle is the old node's own claim: whoever held that node must not command its successor. So keys go where Amanda's
/// programs look for keys and nowhere else, as files of Amanda's user that nobody executes; credentials go where this machine's own
/// settings look for them; the settings themselves are the new machine's own. Every other place needs the operator's word.
struct SecretPlaces: Sendable {
    /// Amanda's user as the packages name it, where no configuration says.
    static let customaryUsers = ["backup", "amandabackup", "amanda"]

    let settings: AgentSettings
    /// Whose homes may hold keys.
    let accounts: [UserAccount]
    /// Paths that the operator has named.
    let accepted: Set<String>

    /// A file's place: a directory of this machine, and the way down from it.
    struct Place: Sendable, Equatable {
        let top: String
        let below: String
        let owner: FileOwner
        let mode: UInt32
    }

    enum Decision: Sendable, Equatable {
        case place(Place)
        /// Why it is not put back.
        case leftOut(String)
    }

    /// - Parameter dumpusers: of the configurations that this machine has. Blocks.
    init(_ settings: AgentSettings, dumpusers: [UserAccount], accepted: [String]) {
        self.settings = settings
        self.accepted = Set(accepted)
        var accounts = dumpusers
        for account in Self.customaryUsers.compactMap({ UserAccount(named: $0) })
        where !accounts.contains(where: { $0.name == account.name }) {
            accounts.append(account)
        }
        self.accounts = accounts.filter { $0.owner.userID != 0 && SecretPath($0.home) != nil }
    }

    /// Blocks: it looks names up.
    func decide(_ file: SealedFile) -> Decision {
        guard let path = SecretPath(file.path) else { return .leftOut("its path is none of a file") }
        switch file.kind {
        case .settings: return .leftOut("a machine's settings come with its identity, never from a backup")
        case .credentials, .authority: return decideOwn(file, path)
        case .encryption: return decideKey(file, path)
        }
    }

    private func decideOwn(_ file: SealedFile, _ path: SecretPath) -> Decision {
        if path.text == ChangerCredentials(settings: settings).path {
            return .leftOut("it serves the restore alone: amanda.conf has these keys")
        }
        if file.kind == .credentials {
            // Only what has nothing run is read as root.
            guard let text = try? SharedFileText(parsing: file.content, path: path.text) else {
                return .leftOut("it is no file of credentials")
            }
            guard !text.runsPrograms else {
                return .leftOut("it has a program run (credential_process): write it anew if you believe it")
            }
        }
        // A node may be the coordinator's machine too: nothing of its `cluster.json`, keys or lists may come in an authority's name.
        if file.kind == .authority {
            let text = String(decoding: file.content, as: UTF8.self)
            guard !text.contains("PRIVATE KEY"), (try? CertificateFacts(pem: text)) != nil else {
                return .leftOut("it is no certificate of an authority")
            }
        }
        let named = [settings.storage.credentialsFile, settings.storage.authority].compactMap(\.self)
        let ours = settings.file.map { FileSystem.parentDirectory(of: $0) }
        let reserved =
            [settings.file, settings.tls.authority, settings.tls.certificate, settings.tls.privateKey]
            .compactMap(\.self)
        let isBesideSettings = path.directory == ours && !path.name.hasPrefix(".")
        guard
            !reserved.contains(path.text),
            named.contains(path.text) || isBesideSettings || CredentialChain.sharedFiles().contains(path.text)
                || accepted.contains(path.text)
        else { return .leftOut("no settings of this machine look for it there") }
        return .place(
            Place(
                top: "/", below: String(path.text.dropFirst()), owner: FileOwner(userID: 0, groupID: 0),
                mode: file.kind == .authority ? 0o644 : 0o600))
    }

    private func decideKey(_ file: SealedFile, _ path: SecretPath) -> Decision {
        for account in accounts {
            guard let name = path.below(account.home),
                EncryptionProgram.isKeyName(below: account.home, name)
            else { continue }
            return .place(
                Place(top: account.home, below: name, owner: owner(file, account), mode: mode(file)))
        }
        if let below = path.below(settings.amandaDirectory), let account = accounts.first {
            return .place(
                Place(
                    top: settings.amandaDirectory, below: below, owner: owner(file, account), mode: mode(file)
                ))
        }
        guard accepted.contains(path.text) else {
            return .leftOut("it lies where no program of Amanda's has its keys")
        }
        return .place(
            Place(
                top: "/", below: String(path.text.dropFirst()), owner: FileOwner(sealed: file),
                mode: mode(file)))
    }

    /// As sealed, by name: Amanda's user, or root for a file that this user's group may read; else Amanda's user.
    private func owner(_ file: SealedFile, _ account: UserAccount) -> FileOwner {
        let sealed = FileOwner(sealed: file)
        let isKnown = sealed.userID == account.owner.userID || sealed.userID == 0
        let isReadable =
            sealed.userID != 0 || file.mode & 0o004 != 0
            || (file.mode & 0o040 != 0 && account.groupIDs.contains(sealed.groupID))
        guard isKnown, isReadable, sealed.groupID == 0 || account.groupIDs.contains(sealed.groupID) else {
            return account.owner
        }
        return sealed
    }

    /// No key is executed, and none is written by everybody.
    private func mode(_ file: SealedFile) -> UInt32 { UInt32(file.mode & 0o664) }
}

extension FileOwner {
    /// By name, since numbers are another machine's; by number where this machine does not have the name. Blocks.
    fileprivate init(sealed file: SealedFile) {
        self.init(
            userID: AccountNames.userID(named: file.user) ?? UInt32(clamping: file.userID),
            groupID: AccountNames.groupID(named: file.group) ?? UInt32(clamping: file.groupID))
    }
}
