// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import S3

/// The files of an inventory, read; and of each that is not, why.
struct SecretReading: Sendable {
    /// By their paths.
    private(set) var files: [SealedFile] = []
    /// By path: nil in place of a reason where it is not there.
    private(set) var unread: [String: String?] = [:]

    private enum Look: Sendable {
        case file(SealedFile)
        case absent
        case failed(String)
    }

    /// What the inventory names, and keys that stand in an `amanda.conf` alone. Blocks, within a bound: what does not answer keeps
    /// nobody.
    init(
        _ inventory: SecretInventory, _ configurations: [CheckedConfiguration], _ settings: AgentSettings
    ) {
        self.init(inventory)
        if let file = ChangerCredentials(settings: settings).file(configurations, besides: files) {
            files.append(file)
            files.sort { $0.path < $1.path }
        }
    }

    private init(_ inventory: SecretInventory) {
        let byPath = Dictionary(inventory.entries.map { ($0.path, $0) }) { first, _ in first }
        let looks = PatientLook.all(Array(byPath.keys), what: "secret-look", limit: DiskLook.limit) { path in
            byPath[path].map(Self.read)
        }
        var byteCount = 0
        for path in byPath.keys.sorted() {
            switch looks[path].flatMap(\.self) {
            case nil: unread[path] = "it did not answer within \(DiskLook.limit)"
            case .absent: unread[path] = .some(nil)
            case .failed(let reason): unread[path] = reason
            case .file(let file):
                guard files.count < SecretLimits.fileCount,
                    byteCount + file.content.count <= SecretLimits.byteCount
                else {
                    unread[path] =
                        "there are more than \(SecretLimits.fileCount) files, or \(SecretLimits.byteCount) bytes"
                    continue
                }
                byteCount += file.content.count
                files.append(file)
            }
        }
    }

    /// With the rights of whoever runs the program: a link that this user made leads root nowhere.
    private static func read(_ entry: SecretInventory.Entry) -> Look {
        do throws(FilesError) {
            let (bytes, status) = try FileSystem.readRegular(
                entry.path, limit: SecretLimits.fileByteCount, by: entry.reader)
            let owner = status.owner
            return .file(
                SealedFile(
                    path: entry.path, kind: entry.kind, mode: Int(status.mode & 0o777),
                    user: AccountNames.user(owner.userID) ?? "",
                    group: AccountNames.group(owner.groupID) ?? "",
                    userID: Int(owner.userID), groupID: Int(owner.groupID), content: bytes))
        } catch {
            return error.isMissing ? .absent : .failed(error.reason)
        }
    }
}

extension SecretInventory {
    /// Why dumps cannot be decrypted with what was read, each key once.
    func faults(_ reading: SecretReading, node: String) -> [WireError] {
        let read = Set(reading.files.map(\.path))
        var faults: [WireError] = []
        for entry in keys where entry.need == .always && !read.contains(entry.path) {
            let reason = reading.unread[entry.path].flatMap(\.self)
            faults.append(
                fault(
                    entry.users,
                    "'\(entry.path)' \(reason.map { "cannot be read: \($0)" } ?? "is not there")", node))
        }
        for use in Set(keys.filter { $0.need == .anyOf }.flatMap(\.users)).sorted(by: { $0.text < $1.text }) {
            let own = keys.filter { $0.need == .anyOf && $0.users.contains(use) }
            guard !own.contains(where: { read.contains($0.path) }) else { continue }
            let paths = own.map { "'\($0.path)'" }.joined(separator: ", ")
            faults.append(fault([use], "no private key is there (\(paths))", node))
        }
        return faults
    }

    private func fault(_ users: [Use], _ what: String, _ node: String) -> WireError {
        let programs = Set(users.map(\.program)).sorted().map { "'\($0)'" }.joined(separator: ", ")
        let names = Set(users.map(\.configuration)).sorted().joined(separator: ", ")
        return WireError(
            .failed, node: node, "\(names): a key of \(programs) is not sealed: \(what)",
            hint:
                "put it there for the next backup; or, where it is kept elsewhere on purpose, write property "
                + "\"\(SecretProperty.name)\" \"\(SecretProperty.elsewhere)\" into the dumptype.")
    }
}

extension SecretInventory.Use {
    /// For sorting.
    fileprivate var text: String { "\(configuration) \(program)" }
}
