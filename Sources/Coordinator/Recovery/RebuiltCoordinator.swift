// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import FoundationEssentials

/// A coordinator's files as they come to lie in one directory of another machine, and a `cluster.json` that says so.
///
/// Where they lay is no command: all of them come into the directory, those that had another place under their own names.
struct RebuiltCoordinator: Sendable {
    struct File: Sendable {
        /// Relative to the directory.
        var name: String
        var mode: UInt32
        var content: [UInt8]
    }

    /// `cluster.json` is the last, so that a cluster that is there is whole.
    private(set) var files: [File] = []
    let settings: ClusterSettings
    /// Where the authority's key is looked for; nil: it is among the files.
    let missingAuthorityKey: String?
    /// What `cluster.json` says otherwise than it was sealed, for people.
    let changes: [String]

    private static let clusterName = "cluster.json"

    /// - Parameter given: what the command line says of the store goes into `cluster.json`.
    init(_ bundle: SealedBundle, given: RecoverCommand.Options) throws {
        guard let (sealed, original) = Self.clusterFile(of: bundle) else {
            throw RecoveryError.unusableSeal(reason: "there is no cluster.json in it")
        }
        guard original.cluster == bundle.manifest.cluster else {
            throw RecoveryError.unusableSeal(reason: "its cluster.json is of cluster '\(original.cluster)'")
        }
        var placing = Placing(home: FileSystem.parentDirectory(of: sealed.path))
        placing.reserve(Self.clusterName, for: sealed.path)
        let authorities = FileSystem.parentDirectory(of: placing.absolute(original.tls.authority))
        placing.besides = authorities
        var settings = original
        func place(_ setting: String) -> String {
            guard let path = placing.path(of: setting, in: bundle) else { return setting }
            return placing.name(for: path)
        }
        settings.tls.authority = place(original.tls.authority)
        settings.tls.authorityKey = place(original.tls.authorityKey)
        settings.tls.certificate = place(original.tls.certificate)
        settings.tls.privateKey = place(original.tls.privateKey)
        settings.recovery = original.recovery?.map(place)
        settings.storage.credentialsFile = original.storage.credentialsFile.map(place)
        settings.storage.authority = original.storage.authority.map(place)
        missingAuthorityKey =
            placing.path(of: original.tls.authorityKey, in: bundle) == nil ? settings.tls.authorityKey : nil
        let moved = settings != original
        changes = Self.override(&settings, given, hasCredentials: original.storage.credentialsFile != nil)
        if settings.clusterID == nil { settings.clusterID = bundle.manifest.clusterID }
        self.settings = settings
        for file in bundle.files where file.path != sealed.path {
            files.append(
                File(
                    name: placing.name(for: file.path), mode: UInt32(file.mode & 0o777), content: file.content
                ))
        }
        let text = moved || settings != original ? Array(settings.text.utf8) : sealed.content
        files.append(File(name: Self.clusterName, mode: UInt32(sealed.mode & 0o777), content: text))
    }

    /// Writes what is not there yet; all is looked at first.
    ///
    /// - Returns: paths, and whether each was written now.
    /// - Throws: `RecoveryError.filesDiffer` with nothing written. Blocks.
    func write(into directory: String) throws -> [RecoverReport.File] {
        func path(_ file: File) -> String { directory == "." ? file.name : "\(directory)/\(file.name)" }
        var present: Set<String> = []
        var differing: [String] = []
        for file in files where try FileSystem.isPresent(path(file)) {
            let content = try? FileSystem.readAll(path(file), limit: max(file.content.count, 1))
            if content == file.content { present.insert(file.name) } else { differing.append(path(file)) }
        }
        differing += try strangers.map { directory == "." ? $0 : "\(directory)/\($0)" }.filter {
            try FileSystem.isPresent($0)
        }
        guard differing.isEmpty else { throw RecoveryError.filesDiffer(differing) }
        FileSystem.removeAbandoned(files.map(path))
        try FileSystem.makeDirectories(directory, mode: 0o700)
        return try files.map { file in
            let isWritten = !present.contains(file.name)
            if isWritten {
                try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path(file)), mode: 0o700)
                try Self.writeWhole(path(file), file)
            }
            return RecoverReport.File(path: path(file), isWritten: isWritten)
        }
    }

    /// Whole or not at all, and over nothing that came meanwhile.
    private static func writeWhole(_ path: String, _ file: File) throws {
        do {
            try FileSystem.writeExclusively(path, file.content, mode: file.mode)
        } catch  where error.isTaken {
            // Another of the same may be at work here.
            let content = try? FileSystem.readAll(path, limit: max(file.content.count, 1))
            guard content == file.content else { throw RecoveryError.fileCame(path) }
        }
    }

    /// Files that nothing writes now and which would count all the same: another authority's roll-over, whom signatures were believed
    /// from, an identity that was about to come.
    private var strangers: [String] {
        let parent = FileSystem.parentDirectory(of: settings.tls.authority)
        let beside = parent == "." ? "" : "\(parent)/"
        let named =
            ["former-authorities.pem", "authority-next"].map { beside + $0 }
            + [settings.tls.certificate, settings.tls.privateKey].map { "\($0).new" }
        return named.filter { name in !files.contains { $0.name == name || $0.name.hasPrefix("\(name)/") } }
    }

    private static func clusterFile(of bundle: SealedBundle) -> (SealedFile, ClusterSettings)? {
        for file in bundle.files where file.kind == .settings {
            if let settings = try? ClusterSettings(parsing: file.content, file: file.path) {
                return (file, settings)
            }
        }
        return nil
    }

    /// What the operator says of the store now is right, and goes on being so.
    private static func override(
        _ settings: inout ClusterSettings, _ given: RecoverCommand.Options, hasCredentials: Bool
    ) -> [String] {
        var changes: [String] = []
        func change<Value: Equatable>(
            _ path: WritableKeyPath<ClusterSettings, Value>, _ value: Value?, _ name: String
        ) {
            guard let value, settings[keyPath: path] != value else { return }
            settings[keyPath: path] = value
            changes.append("storage.\(name)")
        }
        change(\.storage.address.bucket, given.place.bucket, "bucket")
        change(\.storage.address.prefix, given.place.prefix, "prefix")
        change(\.storage.address.region, given.region, "region")
        if let endpoint = given.endpoint { change(\.storage.address.endpoint, .some(endpoint), "endpoint") }
        if let addressing = given.addressing {
            change(\.storage.address.addressing, .some(addressing), "addressing")
        }
        if let authority = given.storageAuthority {
            change(\.storage.authority, .some(CoordinatorFiles.absolute(authority)), "authority")
        }
        if let file = given.credentialsFile, !hasCredentials {
            change(\.storage.credentialsFile, .some(CoordinatorFiles.absolute(file)), "credentialsFile")
        }
        return changes
    }
}

/// Which name each sealed path gets in the one directory.
private struct Placing {
    /// Where `cluster.json` lay.
    let home: String
    /// Where `ca.pem` lay: what stood beside it goes on doing so.
    var besides: String?
    private var names: [String: String] = [:]

    init(home: String) {
        self.home = home
    }

    mutating func reserve(_ name: String, for path: String) {
        names[path] = name
    }

    /// What a setting means, without looking.
    func absolute(_ setting: String) -> String {
        let path = setting.hasPrefix("/") ? setting : "\(home)/\(setting)"
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The sealed file that a setting names: by its path, or, where links led there, by a name that only one has.
    func path(of setting: String, in bundle: SealedBundle) -> String? {
        let wanted = absolute(setting)
        if bundle.files.contains(where: { $0.path == wanted }) { return wanted }
        let last = wanted.split(separator: "/").last ?? ""
        let same = bundle.files.filter { $0.path.hasSuffix("/\(last)") && !$0.path.hasPrefix(home + "/") }
        return same.count == 1 ? same.first?.path : nil
    }

    mutating func name(for path: String) -> String {
        if let known = names[path] { return known }
        let wanted = relative(path)
        var name = wanted
        var number = 2
        while names.values.contains(name) {
            name = "\(number)-\(wanted)"
            number += 1
        }
        names[path] = name
        return name
    }

    private func relative(_ path: String) -> String {
        for top in [home, besides].compactMap(\.self) {
            let start = top == "/" ? "/" : top + "/"
            if path.hasPrefix(start) { return String(path.dropFirst(start.count)) }
        }
        return path.split(separator: "/").last.map(String.init) ?? "file"
    }
}
